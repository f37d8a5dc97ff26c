// SPDX-License-Identifier: Apache-2.0
// c on its way: round a circle, or to and fro on the line between two marks.

export class Play {
  #form;
  #button;
  #current;
  #choose;
  #rest;
  #marks = {};
  #frame;

  // `form` has a path and a speed, the way in a second; `current` returns c; `choose` is called with each
  // c, `rest` at the end.
  constructor(form, { current, choose, rest }) {
    this.#form = form;
    this.#button = form.querySelector("[data-action=play]");
    this.#current = current;
    this.#choose = choose;
    this.#rest = rest;
    form.addEventListener("change", () => this.stop());
  }

  // Sets mark "a" or "b" to c; returns what to say.
  mark(name) {
    const { cx, cy } = this.#current();
    this.#marks[name] = { cx, cy };
    return `Mark ${name.toUpperCase()} is at ${cx} + ${cy}i`;
  }

  // The path of that name as one of a film, or the problem that there is none. Films repeat: where c goes
  // to and fro, they lead back to their beginning.
  film(name) {
    const problem = this.#missing(name);
    if (problem) return { problem };
    const { a, b } = this.#marks;
    if (name === "line") return { path: { type: "points", points: [a, b, a].map(({ cx, cy }) => [cx, cy]) } };
    const { cx, cy } = this.#current();
    const [x, y] = name === "round-a" ? [a.cx, a.cy] : [0, 0];
    const radius = Math.hypot(cx - x, cy - y);
    if (!radius) return { problem: "c is in the middle of that circle: choose another one" };
    return { path: { type: "circle", centre: [x, y], radius } };
  }

  // Starts, or stops; returns what to say when it cannot start.
  toggle() {
    if (this.#frame !== undefined) {
      this.stop();
      return "";
    }
    const { value } = this.#form.elements.path;
    const problem = this.#missing(value);
    if (problem) return problem;
    const { a, b } = this.#marks;
    const path = value === "line" ? lineFrom(a, b) : circleFrom(this.#current(), value === "round-a" ? a : {});
    this.#button.setAttribute("aria-pressed", "true");
    this.#run(path);
    return "";
  }

  stop() {
    if (this.#frame === undefined) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#button.setAttribute("aria-pressed", "false");
    this.#rest();
  }

  #missing(name) {
    const { a, b } = this.#marks;
    if (name === "line" && !(a && b)) return "Set the marks A and B first";
    return name === "round-a" && !a ? "Set mark A first" : "";
  }

  #run(path) {
    let way = 0;
    let before;
    const move = (now) => {
      // A tab that was in the background goes on where it was.
      const seconds = Math.min(0.1, (now - (before ?? now)) / 1000);
      before = now;
      way += seconds * Number(this.#form.elements.speed.value);
      this.#choose(path(way));
      this.#frame = requestAnimationFrame(move);
    };
    this.#frame = requestAnimationFrame(move);
  }
}

function circleFrom({ cx, cy }, { cx: mx = 0, cy: my = 0 }) {
  const radius = Math.max(1e-9, Math.hypot(cx - mx, cy - my));
  const start = Math.atan2(cy - my, cx - mx);
  return (way) => {
    const angle = start + way / radius;
    return { cx: mx + radius * Math.cos(angle), cy: my + radius * Math.sin(angle) };
  };
}

function lineFrom(a, b) {
  const length = Math.max(1e-9, Math.hypot(b.cx - a.cx, b.cy - a.cy));
  return (way) => {
    const part = 1 - Math.abs(1 - ((way / length) % 2));
    return { cx: a.cx + part * (b.cx - a.cx), cy: a.cy + part * (b.cy - a.cy) };
  };
}
