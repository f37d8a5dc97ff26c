// SPDX-License-Identifier: Apache-2.0
// Colours of counts, as the server draws them: a palette, shifted by an offset, its changes as dense
// as the density says.
//
// In bands a count has the colour at the floor of its position in the palette. A smooth one has a
// mixture, in linear light, of the two colours around it, of which a table has FINE between each two.

import { INSIDE } from "./orbits.js";

const PACE = 16;
const FINE = 32;
const ORIGINAL = "original";

export class Colours {
  #palettes = new Map();
  #tables = new Map();

  // `options` are those of the list of palettes: data-colours has red, green and blue, in base 64.
  constructor(options) {
    for (const { value, dataset } of options) this.#palettes.set(value, bytesOf(dataset.colours));
  }

  // Paints one pixel a count into `pixels`, a Uint32Array of the same length.
  paint(values, pixels, view) {
    if (view.colouring === "smooth") this.#paintSmooth(values, pixels, view);
    else this.#paintBands(values, pixels, view);
  }

  // Draws `values`, one a pixel of a canvas. Returns the image, in which the next one can be drawn.
  draw(canvas, values, view, image) {
    const { width, height } = canvas;
    const context = canvas.getContext("2d", { alpha: false });
    const isFitting = image?.width === width && image.height === height;
    const drawn = isFitting ? image : context.createImageData(width, height);
    this.paint(values, new Uint32Array(drawn.data.buffer), view);
    context.putImageData(drawn, 0, 0);
    return drawn;
  }

  // The colour of all points outside the tiles, as CSS has it.
  farOf(view) {
    const pixel = new Uint32Array(1);
    this.paint([0], pixel, view);
    return `rgb(${[...new Uint8Array(pixel.buffer)].slice(0, 3).join(" ")})`;
  }

  // The colours of a palette, one a pixel of a canvas that is as wide as it has colours.
  drawSwatch(canvas, { palette }) {
    const colours = this.#table(palette, 1);
    canvas.width = colours.length;
    const image = canvas.getContext("2d").createImageData(colours.length, 1);
    new Uint32Array(image.data.buffer).set(colours);
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  #paintSmooth(values, pixels, view) {
    const table = this.#table(view.palette, FINE);
    const isOriginal = view.palette === ORIGINAL;
    const scale = FINE * view.density * (isOriginal ? 1 : PACE);
    const shift = table.length * view.offset;
    const inside = insideOf(view, packed(0, 0, 0));
    const { length } = table;
    for (let at = 0; at < pixels.length; at += 1) {
      const count = values[at];
      const place = scale * (isOriginal ? count : Math.sqrt(count)) + shift;
      pixels[at] = count === INSIDE ? inside : table[Math.floor(place) % length];
    }
  }

  #paintBands(values, pixels, view) {
    const table = this.#table(view.palette, 1);
    const { length } = table;
    const isOriginal = view.palette === ORIGINAL;
    const shift = length * view.offset;
    const indexOf = (count) =>
      Math.floor((isOriginal ? count : PACE * Math.sqrt(count)) * view.density + shift) % length;
    const own = isOriginal ? table[indexOf(view.iterations - 1)] : packed(0, 0, 0);
    const inside = insideOf(view, own);
    for (let at = 0; at < pixels.length; at += 1) {
      pixels[at] = values[at] === INSIDE ? inside : table[indexOf(values[at])];
    }
  }

  // The colours that repeat, with fine - 1 mixtures between each two, as words of pixels.
  #table(palette, fine) {
    const key = `${palette} ${fine}`;
    if (!this.#tables.has(key)) this.#tables.set(key, tableOf(this.#palettes.get(palette), palette, fine));
    return this.#tables.get(key);
  }
}

function tableOf(bytes, palette, fine) {
  // The first colour of all palettes but the original one is that of the inside.
  const first = palette === ORIGINAL ? 0 : 1;
  const size = bytes.length / 3 - first;
  const table = new Uint32Array(size * fine);
  for (let at = 0; at < table.length; at += 1) {
    const index = Math.floor(at / fine);
    const part = at / fine - index;
    const mixed = [0, 1, 2].map((component) => {
      const one = bytes[3 * (first + index) + component];
      const other = bytes[3 * (first + ((index + 1) % size)) + component];
      return part ? encoded((1 - part) * linear(one) + part * linear(other)) : one;
    });
    table[at] = packed(...mixed);
  }
  return table;
}

// sRGB (IEC 61966-2-1).
function linear(byte) {
  const part = byte / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function encoded(light) {
  const part = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(255 * part);
}

// Pixels of a canvas are red, green, blue and opacity, in this order.
function packed(red, green, blue) {
  return new Uint32Array(new Uint8Array([red, green, blue, 255]).buffer)[0];
}

function insideOf({ inside }, own) {
  if (!inside) return own;
  return packed(...[1, 3, 5].map((at) => parseInt(inside.slice(at, at + 2), 16)));
}

function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
