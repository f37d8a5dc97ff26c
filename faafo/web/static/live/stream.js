// SPDX-License-Identifier: Apache-2.0
// The event stream of the server, which the page names in a link: one connection instead of polls.

import { Backoff } from "../answers.js";

// Of an event that the server itself sends, once no change is missed from then on. The browser has an event
// of that name, too, which has no data.
const OPEN = "open";
const TYPES = ["queued", "rendering", "progress", "complete", "error", "deleted"].map((name) => `fractal.${name}`);
// Where there is no stream there may be one later: the server has too many now, or restarts.
const REFUSED_SECONDS = 15;

export class Stream {
  #address = document.querySelector('link[rel="alternate"][type="text/event-stream"]')?.href;
  #calls;
  #source = null;
  #timer = null;
  #backoff = new Backoff();
  // Whether each change is told.
  isOpen = false;

  // `opened` is called when no change is missed from then on, `changed` with the type of a change
  // and its data, `lost` when there is no stream for now.
  constructor(calls) {
    this.#calls = calls;
  }

  start() {
    clearTimeout(this.#timer);
    if (!this.#address || this.#source) return;
    this.#source = new EventSource(this.#address);
    this.#source.addEventListener(OPEN, ({ data }) => {
      if (data === undefined) return;
      this.isOpen = true;
      this.#backoff.reset();
      this.#calls.opened();
    });
    for (const type of TYPES) this.#source.addEventListener(type, ({ data }) => this.#calls.changed(type, data));
    this.#source.addEventListener("error", () => this.#lose());
  }

  stop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.isOpen = false;
  }

  // The browser connects again by itself, unless the server has refused the stream.
  #lose() {
    this.isOpen = false;
    if (this.#source.readyState === EventSource.CLOSED) {
      this.stop();
      this.#timer = setTimeout(() => this.start(), 1000 * this.#backoff.next({ seconds: REFUSED_SECONDS }));
    }
    this.#calls.lost();
  }
}
