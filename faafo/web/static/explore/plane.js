// SPDX-License-Identifier: Apache-2.0
// The plane: a Leaflet map of complex numbers; imaginary parts grow downwards.

import { Pictures } from "./pictures.js";
import { Tiles } from "./tiles.js";
import { EXTENT, FIRST, TILE } from "./view.js";
import { WheelZoom } from "./wheel.js";

const { L } = window;
const SCALE = TILE / EXTENT;
const SHIFT = -FIRST * SCALE;
const CRS = L.extend({}, L.CRS.Simple, {
  transformation: new L.Transformation(SCALE, SHIFT, SCALE, SHIFT),
});

export class Plane {
  #map;
  #pictures;

  // `limits` are those of tiles: maxZoom, maxScale, maxIterations. `backgroundOf` returns the colour
  // of all points outside the tiles.
  constructor(element, source, { base, limits, backgroundOf, onMove, onError }) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#map = L.map(element, {
      crs: CRS,
      minZoom: 0,
      maxZoom: limits.maxZoom,
      attributionControl: false,
      zoomAnimation: !calm,
      inertia: !calm,
      // What is below would show through a tile that fades in.
      fadeAnimation: false,
      scrollWheelZoom: false,
    });
    const makeLayer = (view, isCoarse) => {
      const density = isCoarse ? 1 : devicePixelRatio;
      const layer = new Tiles(view, { source, base, limits, density }, isCoarse ? this.#coarse() : {});
      layer.on("tileerror", ({ error }) => error.name !== "AbortError" && onError(error.message));
      return layer;
    };
    this.#pictures = new Pictures(this.#map, makeLayer, ({ palette }) => {
      element.style.backgroundColor = backgroundOf(palette);
    });
    this.#followDensity();
    this.#map.on("moveend", () => this.#moved(onMove));
    new WheelZoom(this.#map);
  }

  get size() {
    const { x, y } = this.#map.getSize();
    return { width: x, height: y };
  }

  goTo({ re, im, zoom }) {
    // Leaflet would pan by whole pixels, to nearly the same place.
    this.#map.setView([im, re], zoom, { reset: true });
  }

  // Shows the Julia set of a view; while it moves, coarse.
  show(view, isMoving) {
    this.#pictures.show(view, isMoving);
  }

  rest() {
    this.#pictures.rest();
  }

  // Tiles of the zoom above, each on an area of four.
  #coarse() {
    return { className: "coarse", maxNativeZoom: Math.max(0, this.#map.getZoom() - 1) };
  }

  #moved(onMove) {
    const { lat, lng } = this.#map.getCenter();
    const [re, im] = [inside(lng), inside(lat)];
    if (re === lng && im === lat) onMove({ re, im, zoom: this.#map.getZoom() });
    else this.#map.panTo([im, re]);
  }

  // A window that moves to another screen, or is zoomed, has another density.
  #followDensity() {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const follow = () => {
      this.#pictures.reload();
      this.#followDensity();
    };
    query.addEventListener("change", follow, { once: true });
  }
}

function inside(place) {
  return Math.min(FIRST + EXTENT, Math.max(FIRST, place));
}
