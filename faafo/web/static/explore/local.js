// SPDX-License-Identifier: Apache-2.0
// Tiles of the Mandelbrot set, or of what is in its place for another formula, and of what is around the
// tiles of a Julia set: the browser computes them itself, in as many workers as it has processors.

import { Shelf } from "./shelf.js";
import { EXTENT, FIRST, TILE, isOfMandelbrot, pitch } from "./view.js";

const MAX_WORKERS = 4;

export class LocalSource {
  #idle = [];
  #started = 0;
  #waiting = [];
  #shelf = new Shelf();

  addressOf(view, { z, x, y, iterations, scale }) {
    const { formula, colouring, cx, cy } = view;
    const c = isOfMandelbrot(view) ? {} : { cx, cy };
    return `?${new URLSearchParams({ formula, colouring, z, x, y, iterations, scale, ...c })}`;
  }

  kept(address) {
    return this.#shelf.get(address);
  }

  // Resolves to the counts of a tile; rejects when the signal aborts before a worker has begun.
  load(address, signal) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ address, signal, resolve, reject });
      this.#next();
    });
  }

  #next() {
    while (this.#waiting.length) {
      if (this.#waiting[0].signal.aborted) {
        const { reject, signal } = this.#waiting.shift();
        reject(signal.reason);
        continue;
      }
      const worker = this.#idle.pop() ?? this.#start();
      if (!worker) return;
      this.#compute(worker, this.#waiting.shift());
    }
  }

  #start() {
    if (this.#started >= Math.min(MAX_WORKERS, navigator.hardwareConcurrency)) return undefined;
    this.#started += 1;
    return new Worker(new URL("./compute.js", import.meta.url), { type: "module" });
  }

  #compute(worker, { address, resolve, reject }) {
    const end = () => {
      this.#idle.push(worker);
      this.#next();
    };
    worker.onmessage = ({ data }) => {
      this.#shelf.put(address, data);
      resolve(data);
      end();
    };
    worker.onerror = () => {
      reject(new Error("this browser cannot draw without the server"));
      end();
    };
    worker.postMessage(jobOf(address));
  }
}

function jobOf(address) {
  const query = new URLSearchParams(address);
  const number = (name) => Number(query.get(name));
  const [z, scale] = [number("z"), number("scale")];
  const set = {
    formula: query.get("formula"),
    isSmooth: query.get("colouring") === "smooth",
    iterations: number("iterations"),
    isMandelbrot: !query.has("cx"),
    cx: number("cx"),
    cy: number("cy"),
  };
  const side = EXTENT / 2 ** z;
  const [left, top] = [FIRST + number("x") * side, FIRST + number("y") * side];
  return { side: TILE * scale, left, top, step: pitch(z) / scale, set };
}
