// SPDX-License-Identifier: Apache-2.0
// A star changes in its place: the form is sent without leaving the page, which is then updated.

const FULL = "★";
const EMPTY = "☆";

// The forms that are not answered yet.
const sent = new WeakSet();

export function starInPlace(update) {
  // A double click is one star, however fast the first click was answered.
  document.addEventListener("click", (event) => {
    if (event.detail > 1 && event.target.closest("[data-live] .star")) event.preventDefault();
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-live] .star")) return;
    event.preventDefault();
    if (sent.has(form)) return;
    sent.add(form);
    const options = { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" };
    const answer = await fetch(form.action, options).catch(() => null);
    // The answer to a form that was taken leads back to this page; any other one is shown.
    if (answer?.type !== "opaqueredirect") return form.submit();
    turn(form);
    sent.delete(form);
    await update();
  });
}

// Shows what the form has changed: an update leaves a picture alone that is no longer in the list, but
// under the pointer.
function turn(form) {
  const button = form.querySelector("button");
  const field = form.elements.namedItem("starred");
  const isStarred = field !== null;
  button.setAttribute("aria-pressed", isStarred);
  button.textContent = button.textContent.replace(isStarred ? EMPTY : FULL, isStarred ? FULL : EMPTY);
  if (isStarred) field.remove();
  else button.insertAdjacentHTML("afterend", '<input type="hidden" name="starred" value="true">');
}
