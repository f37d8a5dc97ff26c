// SPDX-License-Identifier: Apache-2.0
// The preview: a Julia set that the browser draws itself above the tiles, while c moves and until
// sharp tiles have come.
//
// It has fewer pixels than the screen: as many as can be drawn in the time of a frame, which the frames
// before tell. When nothing changes any more it is drawn once again, sharp.

import { fill } from "./orbits.js";

// A picture may take so many milliseconds: fewer when frames are late, since other things take their
// time, more when there is time left.
const FIRST_BUDGET = 6;
const SMALLEST_BUDGET = 2;
const LARGEST_BUDGET = 12;
const LATE_MILLISECONDS = 30;
const EARLY_MILLISECONDS = 20;
// What is further apart does not follow each other.
const PAUSE_MILLISECONDS = 150;
// A sharp one is drawn in parts.
const PART_MILLISECONDS = 10;
const REST_MILLISECONDS = 350;
const LARGEST_PIXEL = 8;
const FIRST_PIXEL = 4;
// While c moves nobody counts the last colours before the inside.
const FIRST_ITERATIONS = 150;
const MORE_ITERATIONS = 50;
const ROWS = 8;

export class Preview {
  #canvas = document.createElement("canvas");
  #colours;
  // Returns view, place, size and pitch of what is to be drawn.
  #current;
  #pixel = FIRST_PIXEL;
  #values = new Float32Array(0);
  #shown;
  #image;
  #frame;
  #rest;
  #budget = FIRST_BUDGET;
  #drawnAt = -Infinity;

  // `container` has a size; `current` returns the view, and of the plane its size in pixels, its left
  // and top edge and the distance of its pixels.
  constructor(container, colours, current) {
    this.#colours = colours;
    this.#current = current;
    this.#canvas.className = "preview";
    this.#canvas.hidden = true;
    this.#canvas.dataset.frames = 0;
    this.#canvas.setAttribute("aria-hidden", "true");
    container.append(this.#canvas);
  }

  get isShown() {
    return !this.#canvas.hidden || this.#frame !== undefined;
  }

  // Draws what is current with the next frame.
  draw() {
    clearTimeout(this.#rest);
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#drawCoarse());
  }

  // Paints the same picture in other colours.
  recolour(view) {
    if (!this.#shown || this.#canvas.hidden) return;
    this.#shown = { ...this.#shown, view };
    this.#paint(this.#shown.values);
  }

  hide() {
    clearTimeout(this.#rest);
    cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#canvas.hidden = true;
  }

  #drawCoarse() {
    const { view, width, height, left, top, step } = this.#current();
    const size = { width: Math.ceil(width / this.#pixel), height: Math.ceil(height / this.#pixel) };
    const side = (step * width) / size.width;
    if (this.#values.length !== size.width * size.height) {
      this.#values = new Float32Array(size.width * size.height);
    }
    const iterations = Math.min(view.iterations, FIRST_ITERATIONS + MORE_ITERATIONS * view.zoom);
    const set = { ...view, iterations, isSmooth: view.colouring === "smooth" };
    const startedAt = performance.now();
    // The middles of coarse pixels are where those of fine ones are.
    const window = { width: size.width, left: left + side / 2, top: top + side / 2, step: side };
    fill(this.#values, window, set, 0, size.height);
    this.#shown = { view: set, ...size, values: this.#values };
    this.#paint(this.#values);
    this.#adapt(startedAt);
    this.#frame = undefined;
    this.#rest = setTimeout(() => this.#refine(), REST_MILLISECONDS);
  }

  #paint(values) {
    const { view, width, height } = this.#shown;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      Object.assign(this.#canvas, { width, height });
    }
    this.#image = this.#colours.draw(this.#canvas, values, view, this.#image);
    this.#canvas.hidden = false;
    this.#canvas.dataset.frames = Number(this.#canvas.dataset.frames) + 1;
  }

  // The time goes with the number of pixels. A single slow frame is no reason for much coarser ones.
  #adapt(startedAt) {
    const interval = startedAt - this.#drawnAt;
    this.#drawnAt = startedAt;
    if (interval > LATE_MILLISECONDS && interval < PAUSE_MILLISECONDS) this.#budget *= 0.93;
    else if (interval < EARLY_MILLISECONDS) this.#budget *= 1.03;
    this.#budget = Math.min(LARGEST_BUDGET, Math.max(SMALLEST_BUDGET, this.#budget));
    const factor = Math.sqrt(Math.max(0.1, performance.now() - startedAt) / this.#budget);
    const pixel = this.#pixel * Math.min(1.2, Math.max(0.95, factor));
    this.#pixel = Math.min(LARGEST_PIXEL, Math.max(1, pixel));
  }

  // Draws the picture with as many pixels as CSS has, some rows a frame.
  #refine() {
    const { view, width, height, left, top, step } = this.#current();
    const values = new Float32Array(width * height);
    const set = { ...view, isSmooth: view.colouring === "smooth" };
    let row = 0;
    const drawRows = () => {
      const startedAt = performance.now();
      while (row < height && performance.now() - startedAt < PART_MILLISECONDS) {
        const last = Math.min(height, row + ROWS);
        fill(values, { width, left, top, step }, set, row, last);
        row = last;
      }
      if (row < height) {
        this.#frame = requestAnimationFrame(drawRows);
        return;
      }
      this.#frame = undefined;
      this.#shown = { view: set, width, height, values };
      this.#paint(values);
    };
    drawRows();
  }
}
