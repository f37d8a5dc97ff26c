// SPDX-License-Identifier: Apache-2.0
// The wheel: one notch is one zoom level, whatever the screen, the system and the browser are.

// What a notch is in pixels, lines and pages, the units of WheelEvent.deltaMode. Browsers report 100 or
// 120 pixels.
const NOTCH = [110, 3, 1];
// What wheelDeltaY is for a notch. A touchpad reports any number, and many small ones.
const NOTCH_DELTA = 120;
// What is a level on a touchpad: a way with two fingers, or spreading them to twice the distance, for
// which browsers report a turn with Ctrl of 100 pixels times the logarithm.
const SCROLL_PIXELS = 200;
const PINCH_PIXELS = 100 * Math.LN2;

export class WheelZoom {
  #map;
  #levels = 0;
  #place;
  #isZooming = false;

  constructor(map) {
    this.#map = map;
    map.getContainer().addEventListener("wheel", (event) => this.#turn(event), { passive: false });
    map.on("zoomstart", () => (this.#isZooming = true));
    map.on("zoomend", () => (this.#isZooming = false));
    map.on("moveend", () => this.#zoom());
  }

  #turn(event) {
    event.preventDefault();
    const levels = -levelsOf(event);
    if (levels * this.#levels < 0) this.#levels = 0;
    this.#levels += levels;
    this.#place = this.#map.mouseEventToContainerPoint(event);
    this.#zoom();
  }

  // A map that is zooming takes no other zoom: what comes meanwhile is done afterwards.
  #zoom() {
    const levels = Math.trunc(this.#levels);
    if (!levels || this.#isZooming) return;
    this.#levels -= levels;
    const zoom = this.#map.getZoom() + levels;
    const bounded = Math.min(this.#map.getMaxZoom(), Math.max(this.#map.getMinZoom(), zoom));
    if (bounded !== this.#map.getZoom()) this.#map.setZoomAround(this.#place, bounded);
  }
}

// The zoom levels that a turn of the wheel is, positive when they lead out.
export function levelsOf(event) {
  // Firefox reports lines, as the wheel turns, when the mode is read before the delta.
  const { deltaMode, deltaX, deltaY, ctrlKey } = event;
  if (!deltaY || Math.abs(deltaX) > Math.abs(deltaY)) return 0;
  const scale = deltaMode === WheelEvent.DOM_DELTA_PIXEL ? scaleOfNotches(event) : 1;
  if (!scale) return deltaY / (ctrlKey ? PINCH_PIXELS : SCROLL_PIXELS);
  const notches = Math.round(Math.abs(deltaY * scale) / NOTCH[deltaMode]);
  return Math.sign(deltaY) * Math.max(1, notches);
}

// Browsers divide what a wheel reports by the scale of the screen, or do not: returns by what to
// multiply it, undefined when it is not a wheel that turns.
function scaleOfNotches({ ctrlKey, deltaY, wheelDeltaY }) {
  // Chromium reports the delta of a notch for each step of a pinch.
  const notches = ctrlKey || !wheelDeltaY ? deltaY / NOTCH_DELTA : wheelDeltaY / NOTCH_DELTA;
  return [1, devicePixelRatio].find((scale) => isWhole(notches * scale));
}

function isWhole(number) {
  return Math.round(number) !== 0 && Math.abs(number - Math.round(number)) < 0.01;
}
