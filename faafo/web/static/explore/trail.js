// SPDX-License-Identifier: Apache-2.0
// The history of the page: one entry a gesture, so that Back returns to the view before it.
//
// A gesture is a press of a pointer with all that is dragged until the next one, a key with its
// repetitions, a turn of the wheel, or a changed field.

const GESTURES = ["pointerdown", "keydown", "click", "change", "wheel"];
// Turns of the wheel that follow each other faster are one.
const TURN_MILLISECONDS = 500;
// Browsers refuse more than 100 changes of the address in 30 s.
const MIN_INTERVAL_MILLISECONDS = 400;

export class Trail {
  #hasBegun = false;
  #turnedAt = -Infinity;
  #address;
  #timer;
  // The number of entries of this page before the current one.
  #depth = history.state?.depth ?? 0;

  // `onReturn` is called after Back and Forward, when the address is that of another view.
  constructor(onReturn) {
    for (const type of GESTURES) {
      addEventListener(type, (event) => this.#note(event), { capture: true, passive: true });
    }
    addEventListener("popstate", () => {
      this.#hasBegun = false;
      this.#address = undefined;
      this.#depth = history.state?.depth ?? 0;
      onReturn();
    });
  }

  // Shows `address`, a query, in the address bar; a gesture that changes it makes an entry.
  record(address) {
    if (address === (this.#address ?? location.search)) return;
    if (this.#hasBegun) {
      this.#depth += 1;
      history.pushState({ depth: this.#depth }, "", address);
      this.#hasBegun = false;
    } else {
      this.#address = address;
      if (!this.#timer) this.#replace();
    }
  }

  // Returns to the entry before, if there is one of this page.
  undo() {
    if (this.#depth) history.back();
  }

  redo() {
    history.forward();
  }

  #replace() {
    if (this.#address === undefined) return;
    history.replaceState({ depth: this.#depth }, "", this.#address);
    this.#address = undefined;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#replace();
    }, MIN_INTERVAL_MILLISECONDS);
  }

  #note(event) {
    if (event.type === "wheel") {
      const isSameTurn = event.timeStamp - this.#turnedAt < TURN_MILLISECONDS;
      this.#turnedAt = event.timeStamp;
      if (isSameTurn) return;
    }
    // The click that ends a press belongs to it; keys and scripts click without one.
    if (event.repeat || (event.type === "click" && event.detail)) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#replace();
    this.#hasBegun = true;
  }
}
