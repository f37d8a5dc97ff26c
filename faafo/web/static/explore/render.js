// SPDX-License-Identifier: Apache-2.0
// "Render this": posts the view as a fractal and shows its status until it is complete or failed.

import { Backoff, request } from "../answers.js";
import { windowOf } from "./view.js";

const POLL_SECONDS = 0.5;

export class Rendering {
  #form;
  #status;
  #post;
  #page;
  #number = 0;

  // `current` returns the view and the size of the plane in pixels.
  constructor(form, status, { post, page, current }) {
    this.#form = form;
    this.#status = status;
    this.#post = post;
    this.#page = page;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start(current());
    });
  }

  async #start({ view, size }) {
    const number = (this.#number += 1);
    const [width, height] = this.#form.elements.size.value.split("x").map(Number);
    const samples = Number(this.#form.elements.samples.value);
    const task = { width, height, ...windowOf(view, size, width, height), ...drawingOf(view), samples };
    this.#say("Sending …");
    try {
      const fractal = await ask(this.#post, task);
      await this.#follow(fractal, number);
    } catch (error) {
      if (number === this.#number) this.#say(`Rejected: ${error.message}`);
    }
  }

  async #follow(fractal, number) {
    const record = `${this.#post}/${fractal.uuid}`;
    const backoff = new Backoff();
    let seconds = POLL_SECONDS;
    for (;;) {
      // Only the latest fractal is followed here; each one has its page.
      if (number !== this.#number) return;
      this.#show(fractal);
      if (["complete", "error"].includes(fractal.status)) return;
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      try {
        fractal = await ask(record);
        backoff.reset();
        seconds = POLL_SECONDS;
      } catch (refusal) {
        // An error of the server passes; a record that is gone stays so.
        if (refusal.isFinal && refusal.status < 500) throw refusal;
        seconds = backoff.next(refusal);
      }
    }
  }

  #show(fractal) {
    const words = {
      queued: "Waiting for a worker: ",
      rendering: "Being rendered: ",
      complete: "Complete: ",
      error: "Failed: ",
    };
    const link = document.createElement("a");
    link.href = `${this.#page}/${fractal.uuid}`;
    link.textContent = `${fractal.width} × ${fractal.height} pixels`;
    this.#say(words[fractal.status], link);
    this.#status.dataset.status = fractal.status;
  }

  #say(...parts) {
    if (this.#status.textContent !== parts.map((part) => part.textContent ?? part).join("")) {
      this.#status.replaceChildren(...parts);
    }
  }
}

// How a view is drawn, as fields of a fractal.
export function drawingOf({ cx, cy, iterations, palette, formula, colouring, offset, density, inside }) {
  return { cx, cy, iterations, palette, formula, colouring, offset, density, inside: inside || null };
}

// Resolves to the answer to a request, which has a body when it is a POST.
export async function ask(address, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  return (await request(address, options)).json();
}
