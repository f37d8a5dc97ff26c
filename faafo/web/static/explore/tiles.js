// SPDX-License-Identifier: Apache-2.0
// One picture of a Julia set: a Leaflet layer of tiles with as many pixels as the screen has.

import { EXTENT, FIRST, TILE, scaleOf, tileAddress } from "./view.js";

const { L } = window;
const WHOLE = L.latLngBounds([FIRST, FIRST], [FIRST + EXTENT, FIRST + EXTENT]);

// A layer with `isFrozen` set requests no more tiles: another one is about to replace it.
export const Tiles = L.GridLayer.extend({
  // `options` are further ones of Leaflet's layers.
  initialize(view, { source, base, limits, density }, options) {
    const ours = { bounds: WHOLE, noWrap: true, keepBuffer: 1, updateWhenIdle: false };
    L.setOptions(this, { ...ours, ...options });
    Object.assign(this, { view, source, base, limits, density, isFrozen: false });
    this.on("tileunload", ({ tile }) => tile.controller.abort());
  },

  // Leaflet removes all tiles when the view jumps. This layer keeps them until the new ones have come.
  getEvents() {
    const { viewprereset, ...events } = L.GridLayer.prototype.getEvents.call(this);
    return events;
  },

  createTile(coords, done) {
    const scale = scaleOf(this.view, coords.z, this.density, this.limits);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = TILE * scale;
    canvas.dataset.address = tileAddress(this.base, this.view, coords, scale);
    canvas.controller = new AbortController();
    if (this.isFrozen) return canvas;
    this.source
      .load(canvas.dataset.address, canvas.controller.signal)
      .then((bitmap) => {
        canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
        bitmap.close();
        done(null, canvas);
      })
      .catch((error) => done(error, canvas));
    return canvas;
  },
});
