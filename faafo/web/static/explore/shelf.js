// SPDX-License-Identifier: Apache-2.0
// The counts of the tiles that were used last, up to a number of bytes.

const MAX_BYTES = 160 * 2 ** 20;

export class Shelf {
  // From the one that was used longest ago to the latest.
  #kept = new Map();
  #bytes = 0;

  get(key) {
    const counts = this.#kept.get(key);
    if (counts) {
      this.#kept.delete(key);
      this.#kept.set(key, counts);
    }
    return counts;
  }

  put(key, counts) {
    if (this.get(key)) return;
    this.#kept.set(key, counts);
    this.#bytes += counts.byteLength;
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= byteLength;
    }
  }
}
