// SPDX-License-Identifier: Apache-2.0
// The small picture beside the plane. Beside a Julia set it is the map of c: the Mandelbrot set, on
// which a pointer or the arrow keys choose c, and the wheel zooms. Beside the Mandelbrot set it is the
// Julia set of c, or of the point under the pointer.
// Imaginary parts grow downwards, as in the plane.

import { fill } from "./orbits.js";
import { coloursOf, isOfMandelbrot, rounded } from "./view.js";
import { levelsOf } from "./wheel.js";

// At zoom 1 the map is as wide as this, and shows the whole Mandelbrot set.
const WIDTH = 3.25;
const JULIA_WIDTH = 4;
const ITERATIONS = 150;
const MORE_ITERATIONS = 50;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class ConstantMap extends EventTarget {
  #canvas;
  #marker;
  #colours;
  #maxZoom;
  #view;
  #place;
  #counts;
  #drawn;
  #drawnColours;
  #frame;
  #levels = 0;

  // Events: "choose" with c and the motion of Pictures.show, "rest" when it moves no more, "zoom" with
  // the part of a view that says what the map shows, "swap" when the other plane is wanted.
  constructor(canvas, marker, { colours, maxZoom }) {
    super();
    this.#canvas = canvas;
    this.#marker = marker;
    this.#colours = colours;
    this.#maxZoom = maxZoom;
    this.#counts = new Float32Array(canvas.width * canvas.height);
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#point(event);
    });
    canvas.addEventListener("lostpointercapture", () => this.#tell("rest"));
    canvas.addEventListener("keydown", (event) => this.#step(event));
    canvas.addEventListener("keyup", () => this.#tell("rest"));
    canvas.addEventListener("wheel", (event) => this.#turn(event), { passive: false });
  }

  show(view) {
    this.#view = view;
    const { left, top, width, height } = this.#box();
    this.#marker.style.left = `${(100 * (view.cx - left)) / width}%`;
    this.#marker.style.top = `${(100 * (view.cy - top)) / height}%`;
    const isInside =
      view.cx >= left && view.cx <= left + width && view.cy >= top && view.cy <= top + height;
    this.#marker.hidden = isOfMandelbrot(view) || !isInside;
    this.#draw();
  }

  // Beside the Mandelbrot set: the Julia set of a place, of c when it is null.
  showJulia(place) {
    this.#place = place;
    this.#draw();
  }

  // What the map shows of the Mandelbrot set.
  #box() {
    const { mre, mim, mzoom } = this.#view;
    const width = WIDTH / 2 ** (mzoom - 1);
    const height = (width * this.#canvas.height) / this.#canvas.width;
    return { left: mre - width / 2, top: mim - height / 2, width, height };
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #press(event) {
    if (isOfMandelbrot(this.#view)) {
      this.#tell("swap");
      return;
    }
    this.#canvas.setPointerCapture(event.pointerId);
    this.#point(event);
  }

  #under(event) {
    const { left, top, width, height } = this.#box();
    const box = this.#canvas.getBoundingClientRect();
    return {
      re: left + (width * (event.clientX - box.left)) / box.width,
      im: top + (height * (event.clientY - box.top)) / box.height,
    };
  }

  #point(event) {
    const { left, top, width, height } = this.#box();
    const { re, im } = this.#under(event);
    this.#choose(clamped(re, left, left + width), clamped(im, top, top + height), "held");
  }

  #step(event) {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const pixel = this.#box().width / this.#canvas.width;
    const far = pixel * (event.shiftKey ? 10 : event.altKey ? 0.1 : 1);
    const { cx, cy } = this.#view;
    this.#choose(cx + far * step[0], cy + far * step[1], event.repeat ? "passing" : "");
  }

  #choose(re, im, motion) {
    const { mzoom } = this.#view;
    const c = { cx: clamped(rounded(re, mzoom), -2, 2), cy: clamped(rounded(im, mzoom), -2, 2) };
    this.#tell("choose", { c, motion });
  }

  #turn(event) {
    event.preventDefault();
    if (isOfMandelbrot(this.#view)) return;
    this.#levels -= levelsOf(event);
    const levels = Math.trunc(this.#levels);
    if (!levels) return;
    this.#levels -= levels;
    const { mre, mim, mzoom } = this.#view;
    const zoom = clamped(mzoom + levels, 0, this.#maxZoom);
    const nearer = 2 ** (mzoom - zoom);
    const { re, im } = this.#under(event);
    this.#tell("zoom", {
      mre: clamped(re + (mre - re) * nearer, -2, 2),
      mim: clamped(im + (mim - im) * nearer, -2, 2),
      mzoom: zoom,
    });
  }

  // What has changed is drawn with the next frame.
  #draw() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      const set = this.#set();
      const key = JSON.stringify(set);
      const colours = coloursOf(this.#view);
      if (key === this.#drawn && colours === this.#drawnColours) return;
      if (key !== this.#drawn) fill(this.#counts, this.#window(set), set, 0, this.#canvas.height);
      this.#drawn = key;
      this.#drawnColours = colours;
      this.#colours.draw(this.#canvas, this.#counts, { ...this.#view, colouring: "smooth" });
    });
  }

  #set() {
    const { formula, cx, cy, mre, mim, mzoom } = this.#view;
    if (isOfMandelbrot(this.#view)) {
      const c = this.#place ? { cx: this.#place.re, cy: this.#place.im } : { cx, cy };
      return { formula, isSmooth: true, iterations: ITERATIONS, ...c };
    }
    const iterations = ITERATIONS + MORE_ITERATIONS * mzoom;
    return { formula, isSmooth: true, isMandelbrot: true, iterations, mre, mim, mzoom };
  }

  #window({ isMandelbrot }) {
    const { width, height } = this.#canvas;
    const step = JULIA_WIDTH / width;
    if (!isMandelbrot) return { width, left: -JULIA_WIDTH / 2, top: (-step * height) / 2, step };
    const box = this.#box();
    return { width, left: box.left, top: box.top, step: box.width / width };
  }
}

function clamped(value, least, most) {
  return Math.min(most, Math.max(least, value));
}
