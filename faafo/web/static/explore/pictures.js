// SPDX-License-Identifier: Apache-2.0
// The pictures on the map: which one is loading, which one is shown, and which one comes next.
//
// A picture that is loading is waited for, however many changes come meanwhile: else a steady drag of c
// would never show any. While c moves, pictures are coarse, with a quarter of the pixels, so that they
// follow; a sharp one comes when c rests. What is shown is removed in the moment in which the next
// picture is complete.

// A c that has not moved for this long rests, though the pointer may be down.
const REST_MILLISECONDS = 250;

export class Pictures {
  #map;
  #makeLayer;
  #onShown;
  // From the bottom to the top.
  #layers = [];
  #loading;
  #next;
  #rest;

  // `makeLayer` returns the layer of a view, coarse or not; `onShown` is called with each view that
  // becomes visible.
  constructor(map, makeLayer, onShown) {
    this.#map = map;
    this.#makeLayer = makeLayer;
    this.#onShown = onShown;
  }

  show(view, isMoving) {
    clearTimeout(this.#rest);
    if (isMoving) this.#rest = setTimeout(() => this.rest(), REST_MILLISECONDS);
    this.#want(view, isMoving);
  }

  // What moved rests: the picture becomes sharp.
  rest() {
    const latest = this.#latest();
    if (latest?.isCoarse) this.#want(latest.view, false);
  }

  // Loads the picture again, for a screen with another number of pixels.
  reload() {
    const latest = this.#latest();
    if (latest) this.#want(latest.view, latest.isCoarse);
  }

  #latest() {
    return this.#next ?? this.#layers.at(-1);
  }

  #shown() {
    return this.#layers.findLast((layer) => layer.isComplete);
  }

  #want(view, isCoarse) {
    this.#next = { view, isCoarse };
    this.#begin();
  }

  #begin() {
    if (!this.#next) return;
    if (this.#loading) {
      // A sharp picture above a coarse one of the same view shows nothing new.
      if (!this.#loading.isSharpening) return;
      this.#drop(this.#loading);
    }
    const { view, isCoarse } = this.#next;
    this.#next = undefined;
    this.#add(view, isCoarse);
  }

  #add(view, isCoarse) {
    const shown = this.#shown();
    const layer = this.#makeLayer(view, isCoarse);
    Object.assign(layer, { isCoarse, isComplete: false, isSharpening: shown?.view === view });
    for (const below of this.#layers) below.isFrozen = true;
    this.#layers.push(layer);
    this.#loading = layer;
    layer.on("load", () => this.#complete(layer));
    layer.addTo(this.#map);
    // Half a picture above half of another one looks torn while c moves.
    if (isCoarse && shown) layer.getContainer().style.visibility = "hidden";
    if (!shown) this.#onShown(view);
    if (!layer.isLoading()) this.#complete(layer);
  }

  #complete(layer) {
    // Leaflet fires "load" again after each move of the map.
    if (layer.isComplete) return;
    layer.isComplete = true;
    layer.getContainer().style.visibility = "";
    for (const below of this.#layers.slice(0, this.#layers.indexOf(layer))) this.#drop(below);
    this.#loading = undefined;
    this.#onShown(layer.view);
    this.#begin();
  }

  #drop(layer) {
    this.#layers = this.#layers.filter((other) => other !== layer);
    layer.remove();
  }
}
