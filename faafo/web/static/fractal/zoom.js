// SPDX-License-Identifier: Apache-2.0
// Zooms and pans a picture inside its frame: with buttons, keys, double click, dragging, and the wheel
// once it is zoomed (before that the wheel scrolls the page).

const STEP = 1.5;
const MAX_SCALE = 40;
const KEY_STEP = 60;

export class Zoom {
  #frame;
  #image;
  #scale = 1;
  #x = 0;
  #y = 0;

  constructor(frame, buttons) {
    this.#frame = frame;
    this.#image = frame.querySelector("img");
    buttons.hidden = false;
    buttons.addEventListener("click", ({ target }) => this.#zoom(target.dataset.zoom));
    frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    frame.addEventListener("keydown", (event) => this.#key(event));
    frame.addEventListener("dblclick", (event) => this.#by(STEP * STEP, this.#place(event)));
    frame.addEventListener("pointerdown", (event) => this.#drag(event));
    frame.addEventListener("click", (event) => this.#scale > 1 && event.preventDefault());
    frame.addEventListener("dragstart", (event) => event.preventDefault());
  }

  #zoom(direction) {
    if (direction === "in") this.#by(STEP);
    if (direction === "out") this.#by(1 / STEP);
    if (direction === "fit") this.#by(0);
  }

  #wheel(event) {
    if (this.#scale === 1 && !event.ctrlKey) return;
    event.preventDefault();
    this.#by(event.deltaY < 0 ? STEP : 1 / STEP, this.#place(event));
  }

  #key(event) {
    const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const factor = { "+": STEP, "=": STEP, "-": 1 / STEP, 0: 0 }[event.key];
    if (factor !== undefined) this.#by(factor);
    else if (this.#scale > 1 && steps[event.key]) this.#move(...steps[event.key].map((one) => one * KEY_STEP));
    else return;
    event.preventDefault();
    // Arrow keys pan the picture instead of turning the page.
    event.stopPropagation();
  }

  #drag(event) {
    if (this.#scale === 1 || event.button !== 0) return;
    this.#frame.setPointerCapture(event.pointerId);
    const move = ({ movementX, movementY }) => this.#move(movementX, movementY);
    this.#frame.addEventListener("pointermove", move);
    const end = () => this.#frame.removeEventListener("pointermove", move);
    this.#frame.addEventListener("pointerup", end, { once: true });
    this.#frame.addEventListener("pointercancel", end, { once: true });
  }

  // The position of the pointer relative to the middle of the frame.
  #place({ clientX, clientY }) {
    const { left, top, width, height } = this.#frame.getBoundingClientRect();
    return [clientX - left - width / 2, clientY - top - height / 2];
  }

  // A preview is enough for the whole picture; who looks closer sees all of its pixels.
  #load() {
    const { full } = this.#image.dataset;
    if (full) this.#image.src = full;
    delete this.#image.dataset.full;
  }

  #by(factor, [x, y] = [0, 0]) {
    if (factor > 1) this.#load();
    const scale = Math.min(MAX_SCALE, Math.max(1, this.#scale * factor));
    const change = scale / this.#scale;
    this.#scale = scale;
    this.#x = x - (x - this.#x) * change;
    this.#y = y - (y - this.#y) * change;
    this.#move(0, 0);
  }

  #move(x, y) {
    const reach = (this.#scale - 1) / 2;
    const [width, height] = [this.#image.offsetWidth * reach, this.#image.offsetHeight * reach];
    this.#x = Math.min(width, Math.max(-width, this.#x + x));
    this.#y = Math.min(height, Math.max(-height, this.#y + y));
    this.#image.style.transform = `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
    this.#frame.classList.toggle("zoomed", this.#scale > 1);
    const pixels = (this.#scale * this.#image.offsetWidth) / this.#image.naturalWidth;
    this.#image.classList.toggle("pixels", pixels > 2);
  }
}
