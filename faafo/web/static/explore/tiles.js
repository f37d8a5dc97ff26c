// SPDX-License-Identifier: Apache-2.0
// One picture: a Leaflet layer of tiles with as many pixels as the screen has, coloured here from the
// counts of their pixels.

import { TILE, isOfMandelbrot, iterationsAt, scaleOf } from "./view.js";

const { L } = window;
// Nobody looks further away.
const BOUNDS = L.latLngBounds([-64, -64], [64, 64]);

// A layer that is frozen requests no more tiles: another one is about to replace it.
export const Tiles = L.GridLayer.extend({
  // A source has counts: `addressOf` of a tile, `kept` and `load`, by that address. The `remote` one has
  // those of Julia sets between -2 - 2i and 2 + 2i, `local` all. `density` is that of the screen.
  initialize(view, { remote, local, colours, limits, density }) {
    L.setOptions(this, { bounds: BOUNDS, noWrap: true, keepBuffer: 1, updateWhenIdle: false });
    Object.assign(this, { view, remote, local, colours, limits, density });
    Object.assign(this, { isFrozen: false, isComplete: false, isBroken: false });
    this.on("tileunload", ({ tile }) => tile.controller.abort());
    this.on("tileerror", ({ error }) => (this.isBroken ||= error.name !== "AbortError"));
  },

  freeze() {
    this.isFrozen = true;
    for (const { el } of Object.values(this._tiles)) if (!el.counts) el.controller.abort();
  },

  recolour(view) {
    this.view = view;
    for (const { el } of Object.values(this._tiles)) if (el.counts) this._paint(el);
  },

  // Leaflet removes all tiles when the view jumps. This layer keeps them until the new ones have come.
  getEvents() {
    const { viewprereset, ...events } = L.GridLayer.prototype.getEvents.call(this);
    return events;
  },

  createTile(coords, done) {
    const iterations = iterationsAt(this.view, coords.z, this.density, this.limits);
    const scale = scaleOf(iterations, coords.z, this.density, this.limits);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = TILE * scale;
    canvas.iterations = iterations;
    canvas.source = this._isServed(coords) ? this.remote : this.local;
    canvas.dataset.address = canvas.source.addressOf(this.view, { ...coords, iterations, scale });
    canvas.controller = new AbortController();
    const kept = canvas.source.kept(canvas.dataset.address);
    // Leaflet knows the tile when this has returned.
    if (kept) queueMicrotask(() => this._show(canvas, kept, done));
    else if (!this.isFrozen) this._request(canvas, done);
    return canvas;
  },

  _isServed({ x, y, z }) {
    const isInside = Math.min(x, y) >= 0 && Math.max(x, y) < 2 ** z;
    return isInside && !isOfMandelbrot(this.view);
  },

  _request(canvas, done) {
    canvas.source
      .load(canvas.dataset.address, canvas.controller.signal)
      .then((counts) => this._show(canvas, counts, done))
      .catch((error) => done(error, canvas));
  },

  _show(canvas, counts, done) {
    canvas.counts = counts;
    this._paint(canvas);
    done(null, canvas);
  },

  _paint(canvas) {
    this.colours.draw(canvas, canvas.counts, { ...this.view, iterations: canvas.iterations });
  },
});
