// SPDX-License-Identifier: Apache-2.0
// The pictures on the map: which one is loading, which one is shown, and which one comes next.
//
// While c moves there is nothing but the preview, and no tile is requested. When it rests, a picture of
// tiles loads below the preview. What is shown is removed in the moment in which the next picture is
// complete.

// What is shown by a key or by playing rests when nothing has followed for this long.
const REST_MILLISECONDS = 250;

export class Pictures {
  #map;
  #makeLayer;
  #onShown;
  // From the bottom to the top; all but the last one are complete.
  #layers = [];
  #moving;
  #rest;

  // `makeLayer` returns the layer of a view; `onShown` is called when the one of a view is complete.
  constructor(map, makeLayer, onShown) {
    this.#map = map;
    this.#makeLayer = makeLayer;
    this.#onShown = onShown;
  }

  // `motion` is "" for a view that rests, "passing" while others follow soon, "held" until `rest` is called.
  show(view, motion) {
    clearTimeout(this.#rest);
    if (!motion) {
      this.#add(view);
      return;
    }
    this.#moving = view;
    this.freeze();
    if (motion === "passing") this.#rest = setTimeout(() => this.rest(), REST_MILLISECONDS);
  }

  // What moved rests: its picture is loaded.
  rest() {
    clearTimeout(this.#rest);
    if (this.#moving) this.#add(this.#moving);
  }

  // Loads the picture again, for a screen with another number of pixels.
  reload() {
    const latest = this.#moving ?? this.#layers.at(-1)?.view;
    if (latest) this.#add(latest);
  }

  // What is shown loads no more: other pictures follow.
  freeze() {
    for (const layer of this.#layers) layer.freeze();
  }

  // Paints all tiles in the colours of `view`.
  recolour(view) {
    if (this.#moving) this.#moving = view;
    for (const layer of this.#layers) layer.recolour(view);
  }

  // Removes all, for a plane of another kind.
  clear() {
    clearTimeout(this.#rest);
    this.#moving = undefined;
    for (const layer of [...this.#layers]) this.#drop(layer);
  }

  #add(view) {
    this.#moving = undefined;
    this.freeze();
    // What is not complete has nothing to show: only what is stays below.
    for (const below of this.#layers.filter((one) => !one.isComplete)) this.#drop(below);
    const layer = this.#makeLayer(view);
    this.#layers.push(layer);
    layer.on("load", () => this.#complete(layer));
    layer.addTo(this.#map);
    if (!layer.isLoading()) this.#complete(layer);
  }

  #complete(layer) {
    // Leaflet fires "load" again after each move of the map; a frozen layer is not shown any more.
    if (layer.isComplete || layer.isFrozen) return;
    layer.isComplete = true;
    for (const below of this.#layers.slice(0, this.#layers.indexOf(layer))) this.#drop(below);
    this.#onShown(layer);
  }

  #drop(layer) {
    this.#layers = this.#layers.filter((other) => other !== layer);
    layer.remove();
  }
}
