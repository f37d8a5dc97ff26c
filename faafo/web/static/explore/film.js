// SPDX-License-Identifier: Apache-2.0
// "Film this": posts a film of the path of c, or of a zoom into the view, and leads to its page.

import { extentOf } from "./extent.js";
import { ask, drawingOf } from "./render.js";
import { pitch, windowOf } from "./view.js";

export class Filming {
  #form;
  #status;
  #post;
  #page;
  #pathOf;

  // `current` returns the view and the size of the plane in pixels; `pathOf` returns the path of c of that
  // name, or what is missing for it.
  constructor(form, status, { post, page, current, pathOf }) {
    this.#form = form;
    this.#status = status;
    this.#post = post;
    this.#page = page;
    this.#pathOf = pathOf;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start(current());
    });
  }

  async #start({ view, size }) {
    const { elements } = this.#form;
    const [width, height] = elements.size.value.split("x").map(Number);
    const window = windowOf(view, size, width, height);
    const isZoom = elements.path.value === "zoom";
    const { path, problem } = isZoom ? zoomTo(view, window) : this.#pathOf(elements.path.value);
    if (problem) return this.#say(problem);
    // A film has no c of its own.
    const { cx, cy, ...drawing } = drawingOf(view);
    const film = {
      ...{ path, width, height, ...(isZoom ? wholeSet(view, width, height) : window), ...drawing },
      frames: Number(elements.frames.value),
      fps: Number(elements.fps.value),
      samples: Number(elements.samples.value),
    };
    this.#say("Sending …");
    try {
      const { uuid } = await ask(this.#post, film);
      this.#say("");
      location.assign(`${this.#page}/${uuid}`);
    } catch (error) {
      this.#say(`Rejected: ${error.message}`);
    }
  }

  #say(text) {
    this.#status.textContent = text;
  }
}

function zoomTo({ cx, cy }, to) {
  return { path: { type: "zoom", c: [cx, cy], to } };
}

// The window of a picture that shows the whole Julia set of a view.
function wholeSet(view, width, height) {
  return windowOf({ ...view, re: 0, im: 0, zoom: 0 }, planeOf(extentOf(view)), width, height);
}

// A plane that shows a part of the complex plane at zoom 0.
function planeOf({ width, height }) {
  return { width: width / pitch(0), height: height / pitch(0) };
}
