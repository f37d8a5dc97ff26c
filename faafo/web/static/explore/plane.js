// SPDX-License-Identifier: Apache-2.0
// The plane: a Leaflet map of complex numbers; imaginary parts grow downwards. It shows the Julia set
// of c, or the Mandelbrot set, on which a handle marks c.

import { Pictures } from "./pictures.js";
import { Preview } from "./preview.js";
import { Tiles } from "./tiles.js";
import {
  EXTENT,
  FIRST,
  TILE,
  isOfMandelbrot,
  iterationsAt,
  pitch,
  placeOf,
  rounded,
  zoomFitting,
} from "./view.js";
import { WheelZoom } from "./wheel.js";

const { L } = window;
const SCALE = TILE / EXTENT;
const SHIFT = -FIRST * SCALE;
const CRS = L.extend({}, L.CRS.Simple, {
  transformation: new L.Transformation(SCALE, SHIFT, SCALE, SHIFT),
});

export class Plane extends EventTarget {
  #map;
  #element;
  #colours;
  #pictures;
  #preview;
  #handle;
  #view;
  #isJumping = false;
  #limits;

  // `limits` are those of tiles: maxZoom, maxScale, maxIterations. Events: "move" with the place, "error"
  // with a message, "point" with a place or null, "choose" with c and whether it is held, "rest".
  constructor(element, { remote, local, colours, limits }) {
    super();
    this.#element = element;
    this.#colours = colours;
    this.#limits = limits;
    this.#map = mapOf(element, limits);
    this.#preview = new Preview(element, colours, () => this.#window());
    const makeLayer = (view) => {
      const density = devicePixelRatio;
      const layer = new Tiles(view, { remote, local, colours, limits, density });
      layer.on("tileerror", ({ error }) => error.name !== "AbortError" && this.#tell("error", error.message));
      return layer;
    };
    // What is refused leaves holes, which the preview fills.
    this.#pictures = new Pictures(this.#map, makeLayer, ({ isBroken }) => isBroken || this.#preview.hide());
    this.#handle = this.#handleOf();
    this.#followDensity();
    new ResizeObserver(() => this.#map.invalidateSize({ animate: false })).observe(element);
    this.#map.on("moveend", () => this.#moved());
    this.#map.on("move zoomend resize", () => this.#preview.isShown && this.#preview.draw());
    this.#map.on("mousemove", ({ latlng }) => this.#tell("point", this.#placeAt(latlng)));
    this.#map.on("mouseout", () => this.#tell("point", null));
    this.#map.on("click", ({ latlng }) => {
      if (isOfMandelbrot(this.#view)) this.#choose(latlng, "");
    });
    new WheelZoom(this.#map);
  }

  get size() {
    const { x, y } = this.#map.getSize();
    return { width: x, height: y };
  }

  // The deepest zoom at which a part of the plane is in view.
  zoomFor(part) {
    return zoomFitting(part, this.size, this.#limits.maxZoom);
  }

  // Goes to the place of a view, on the plane that it shows. What is shown loads no more when
  // `hasOtherCounts`, so that the view is to be shown next.
  goTo(view, hasOtherCounts = false) {
    if (this.#view && isOfMandelbrot(this.#view) !== isOfMandelbrot(view)) this.#pictures.clear();
    else if (hasOtherCounts) this.#pictures.freeze();
    this.#view = view;
    const { re, im, zoom } = placeOf(view);
    this.#isJumping = true;
    // Leaflet would pan by whole pixels, to nearly the same place.
    this.#map.setView([im, re], zoom, { reset: true });
    this.#isJumping = false;
  }

  // Shows a view; `motion` is that of Pictures.show.
  show(view, motion) {
    this.follow(view);
    if (!isOfMandelbrot(view)) this.#preview.draw();
    else this.#preview.hide();
    this.#pictures.show(view, motion);
  }

  // Paints what is shown in the colours of a view.
  recolour(view) {
    this.follow(view);
    this.#preview.recolour(view);
    this.#pictures.recolour(view);
  }

  // Takes over what changes neither counts nor colours.
  follow(view) {
    this.#view = view;
    this.#element.style.backgroundColor = this.#colours.farOf(view);
    this.#handle.setLatLng([view.cy, view.cx]);
    const isShown = this.#map.hasLayer(this.#handle);
    if (isOfMandelbrot(view) !== isShown) {
      if (isShown) this.#handle.remove();
      else this.#handle.addTo(this.#map);
    }
  }

  rest() {
    this.#pictures.rest();
  }

  // Takes the middle of the plane as c.
  chooseMiddle() {
    this.#choose(this.#map.getCenter(), "");
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #placeAt({ lat, lng }) {
    const zoom = this.#map.getZoom();
    return { re: rounded(lng, zoom), im: rounded(lat, zoom), zoom };
  }

  #choose(latlng, motion) {
    const { re, im } = this.#placeAt(latlng);
    this.#tell("choose", { c: { cx: inside(re), cy: inside(im) }, motion });
  }

  #handleOf() {
    const icon = L.divIcon({ className: "handle", iconSize: [24, 24] });
    const options = { icon, draggable: true, autoPan: false, keyboard: false, title: "c" };
    const handle = L.marker([0, 0], options);
    handle.on("drag", () => this.#choose(handle.getLatLng(), "held"));
    handle.on("dragend", () => this.#tell("rest"));
    return handle;
  }

  // What the preview is to draw.
  #window() {
    const zoom = this.#map.getZoom();
    const side = pitch(zoom);
    const { lat, lng } = this.#map.getCenter();
    const { width, height } = this.size;
    const iterations = iterationsAt(this.#view, zoom, devicePixelRatio, this.#limits);
    const view = { ...this.#view, zoom, iterations };
    const [left, top] = [lng - (width / 2) * side, lat - (height / 2) * side];
    return { view, width, height, left, top, step: side };
  }

  #moved() {
    const { lat, lng } = this.#map.getCenter();
    const [re, im] = [inside(lng), inside(lat)];
    if (re !== lng || im !== lat) this.#map.panTo([im, re]);
    else if (!this.#isJumping) this.#tell("move", { re, im, zoom: this.#map.getZoom() });
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

function mapOf(element, { maxZoom }) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return L.map(element, {
    crs: CRS,
    minZoom: 0,
    maxZoom,
    attributionControl: false,
    zoomAnimation: !calm,
    inertia: !calm,
    // What is below would show through a tile that fades in.
    fadeAnimation: false,
    scrollWheelZoom: false,
  });
}

function inside(place) {
  return Math.min(FIRST + EXTENT, Math.max(FIRST, place));
}
