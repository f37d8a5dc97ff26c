// SPDX-License-Identifier: Apache-2.0
// The plane: a Leaflet map of complex numbers; imaginary parts grow downwards.

import { EXTENT, FIRST, TILE, tileAddress } from "./view.js";

const { L } = window;
const SCALE = TILE / EXTENT;
const SHIFT = -FIRST * SCALE;
// The least time between two layers.
const MIN_INTERVAL_MILLISECONDS = 150;

const CRS = L.extend({}, L.CRS.Simple, {
  transformation: new L.Transformation(SCALE, SHIFT, SCALE, SHIFT),
});
const WHOLE = L.latLngBounds([FIRST, FIRST], [FIRST + EXTENT, FIRST + EXTENT]);

const Tiles = L.GridLayer.extend({
  initialize(view, source, base) {
    L.setOptions(this, { bounds: WHOLE, noWrap: true, keepBuffer: 1, updateWhenIdle: false });
    Object.assign(this, { view, source, base });
  },

  createTile(coords, done) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = TILE;
    canvas.dataset.address = tileAddress(this.base, this.view, coords);
    canvas.controller = new AbortController();
    this.source
      .load(canvas.dataset.address, canvas.controller.signal)
      .then((bitmap) => {
        canvas.getContext("2d").drawImage(bitmap, 0, 0);
        bitmap.close();
        done(null, canvas);
      })
      .catch((error) => done(error, canvas));
    return canvas;
  },
});

export class Plane {
  #map;
  #source;
  #base;
  #layers = [];
  #wanted;
  #timer;

  constructor(element, source, { base, maxZoom, onMove, onError }) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#source = source;
    this.#base = base;
    this.onError = onError;
    this.#map = L.map(element, {
      crs: CRS,
      minZoom: 0,
      maxZoom,
      attributionControl: false,
      zoomAnimation: !calm,
      fadeAnimation: !calm,
      inertia: !calm,
    });
    this.#map.on("moveend", () => {
      const { lat, lng } = this.#map.getCenter();
      const [re, im] = [inside(lng), inside(lat)];
      if (re === lng && im === lat) onMove({ re, im, zoom: this.#map.getZoom() });
      else this.#map.panTo([im, re]);
    });
  }

  get size() {
    const { x, y } = this.#map.getSize();
    return { width: x, height: y };
  }

  goTo({ re, im, zoom }) {
    this.#map.setView([im, re], zoom, { animate: false });
  }

  // Shows the Julia set of a view, at most one each MIN_INTERVAL_MILLISECONDS. The layer before
  // stays below until the new one has loaded.
  show(view) {
    this.#wanted = view;
    if (this.#timer) return;
    this.#swap();
  }

  #swap() {
    const view = this.#wanted;
    this.#wanted = undefined;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#wanted) this.#swap();
    }, MIN_INTERVAL_MILLISECONDS);
    const layer = new Tiles(view, this.#source, this.#base);
    layer.on("tileunload", ({ tile }) => tile.controller.abort());
    layer.on("tileerror", ({ error }) => {
      if (error.name !== "AbortError") this.onError(error.message);
    });
    layer.on("load", () => {
      layer.complete = true;
      this.#drop((other) => this.#layers.indexOf(other) < this.#layers.indexOf(layer));
    });
    // An incomplete layer is no useful background.
    this.#drop((other) => !other.complete && this.#layers.length > 1);
    this.#layers.push(layer);
    layer.addTo(this.#map);
  }

  // The colour of all points outside the tiles.
  set background(colour) {
    this.#map.getContainer().style.backgroundColor = colour;
  }

  #drop(isObsolete) {
    for (const layer of this.#layers.filter(isObsolete)) {
      this.#layers = this.#layers.filter((other) => other !== layer);
      layer.remove();
    }
  }
}

function inside(place) {
  return Math.min(FIRST + EXTENT, Math.max(FIRST, place));
}
