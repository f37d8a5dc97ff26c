// SPDX-License-Identifier: Apache-2.0
// Keys and buttons, and the actions that they stand for.

// The table of keys in the help lists them; pan, zoom and the arrow keys of the map of c are elsewhere.
export const KEYS = {
  m: "swap",
  c: "choose",
  r: "surprise",
  p: "play",
  "[": "markA",
  "]": "markB",
  h: "home",
  u: "back",
  U: "forward",
  n: "nextPalette",
  N: "previousPalette",
  o: "offsetUp",
  O: "offsetDown",
  d: "denser",
  D: "sparser",
  s: "colouring",
  i: "automatic",
  f: "fullscreen",
  l: "link",
  "?": "help",
};
const TYPED = "input:not([type=checkbox]):not([type=range]), select, textarea";
const STORED = "faafo-explorer-keys";

// Calls `actions`, by name, for keys and for elements with data-action. `choice` is a checkbox that
// says whether single keys do anything: they get in the way of those who speak to their computer.
export function bind(actions, choice) {
  choice.checked = stored("getItem") !== "off";
  choice.addEventListener("change", () => stored("setItem", choice.checked ? "on" : "off"));
  addEventListener("keydown", (event) => {
    const action = KEYS[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey || !choice.checked) return;
    if (event.target.closest?.(TYPED) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    actions[action]();
  });
  addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-action]");
    if (button) actions[button.dataset.action]();
  });
}

// A browser may refuse to store anything: then the choice is that of this visit.
function stored(method, ...value) {
  try {
    return localStorage[method](STORED, ...value);
  } catch {
    return undefined;
  }
}
