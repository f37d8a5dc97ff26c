// SPDX-License-Identifier: Apache-2.0
// What keys and buttons do, by name.

import { OF_MANDELBROT, extentOf } from "./extent.js";
import { surprisingConstant } from "./surprise.js";
import { isOfMandelbrot } from "./view.js";

const OFFSET_STEP = 1 / 64;
const DENSITY_FACTOR = 1.25;
const MESSAGE_MILLISECONDS = 4000;

const byId = (id) => document.getElementById(id);

// `page` has `current`, the view; `change`, `go` and `choose`, which change it; plane, play, trail, the
// form, and the defaults of a view.
export function actionsOf(page) {
  return { ...ofPlaces(page), ...ofColours(page), ...ofConstants(page), ...ofPage() };
}

function ofPlaces({ current, go, plane, trail, defaults }) {
  return {
    swap: () => go({ plane: isOfMandelbrot(current()) ? "julia" : "mandelbrot" }),
    home: () => {
      const { re, im, mre, mim } = defaults;
      if (isOfMandelbrot(current())) go({ mre, mim, mzoom: plane.zoomFor(OF_MANDELBROT) });
      else go({ re, im, zoom: plane.zoomFor(extentOf(current())) });
    },
    back: () => trail.undo(),
    forward: () => trail.redo(),
  };
}

function ofColours({ current, change, form }) {
  const names = [...form.elements.palette.options].map(({ value }) => value);
  const turn = (by) => {
    const at = names.indexOf(current().palette);
    change({ palette: names[(at + by + names.length) % names.length] });
  };
  const shift = (by) => change({ offset: (current().offset + by + 1) % 1 });
  const stretch = (by) => {
    const { min, max } = form.elements.density;
    const density = Number((current().density * by).toPrecision(3));
    change({ density: Math.min(Number(max), Math.max(Number(min), density)) });
  };
  return {
    nextPalette: () => turn(1),
    previousPalette: () => turn(-1),
    offsetUp: () => shift(OFFSET_STEP),
    offsetDown: () => shift(-OFFSET_STEP),
    denser: () => stretch(DENSITY_FACTOR),
    sparser: () => stretch(1 / DENSITY_FACTOR),
    colouring: () => change({ colouring: current().colouring === "smooth" ? "bands" : "smooth" }),
    automatic: () => change({ automatic: current().automatic ? 0 : 1 }),
  };
}

function ofConstants({ current, go, plane, play, defaults }) {
  const report = (message) => message && say(message);
  return {
    choose: () => {
      if (isOfMandelbrot(current())) plane.chooseMiddle();
    },
    surprise: () => {
      play.stop();
      const { formula } = current();
      const c = surprisingConstant(formula);
      const { re, im } = defaults;
      go({ plane: defaults.plane, re, im, zoom: plane.zoomFor(extentOf({ formula, ...c })), ...c });
    },
    play: () => report(play.toggle()),
    markA: () => report(play.mark("a")),
    markB: () => report(play.mark("b")),
  };
}

function ofPage() {
  return {
    fullscreen: async () => {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await byId("stage").requestFullscreen().catch(() => say("This browser has no full screen"));
    },
    // Browsers have a clipboard on encrypted pages only.
    link: async () => {
      try {
        await navigator.clipboard.writeText(location.href);
        say("The link is copied");
      } catch {
        say("Copy the link from the address bar");
      }
    },
    help: () => byId("keys-dialog").showModal(),
    closeHelp: () => byId("keys-dialog").close(),
  };
}

let timer;

function say(message) {
  byId("message").textContent = message;
  clearTimeout(timer);
  timer = setTimeout(() => (byId("message").textContent = ""), MESSAGE_MILLISECONDS);
}
