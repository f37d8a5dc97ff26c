// SPDX-License-Identifier: Apache-2.0
// Where tiles come from: a few requests at a time, patience while nobody answers, and a record of
// who has answered and how quickly.

const AT_ONCE = 4;
const PATIENCE_SECONDS = 2;
// The first rest is short: most of the time there were only too many requests at once.
const SHORT_REST_SECONDS = 0.3;
const WORTH_TELLING_MILLISECONDS = 1000;
const REMEMBERED = 50;
const RECENT_MILLISECONDS = 60_000;

export class TileSource extends EventTarget {
  #waiting = [];
  #underWay = 0;
  #away = false;
  #resting = false;
  #telling;
  #known = new Set();
  #durations = [];
  #workers = new Map();
  #openedAt = Math.floor(Date.now() / 1000) * 1000;

  // Resolves to an ImageBitmap; rejects when the signal says so, or the server has refused for
  // good. A request that is under way goes on: a worker renders its tile anyway.
  load(address, signal) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ address, signal, resolve, reject });
      this.#next();
    });
  }

  get workers() {
    const recent = performance.now() - RECENT_MILLISECONDS;
    return [...this.#workers.values()].filter((seen) => seen > recent).length;
  }

  // The median of the last tiles, in milliseconds; undefined before the first.
  get duration() {
    return this.#durations.toSorted((a, b) => a - b)[this.#durations.length >> 1];
  }

  #next() {
    const limit = this.#away ? 1 : AT_ONCE;
    while (this.#waiting.length && this.#underWay < limit && !this.#resting) {
      const tile = this.#waiting.shift();
      if (tile.signal.aborted) tile.reject(tile.signal.reason);
      else this.#request(tile);
    }
  }

  async #request(tile) {
    this.#underWay += 1;
    try {
      const startedAt = performance.now();
      const response = await fetch(tile.address);
      if (response.ok) {
        const bitmap = await createImageBitmap(await response.blob());
        this.#note(tile.address, response, performance.now() - startedAt);
        tile.resolve(bitmap);
      } else {
        const message = await messageOf(response);
        if (response.status === 400) tile.reject(new Error(message));
        else this.#rest(tile, message, Number(response.headers.get("Retry-After")));
      }
    } catch {
      this.#rest(tile, "the server cannot be reached");
    }
    this.#underWay -= 1;
    this.#next();
  }

  #rest(tile, message, seconds) {
    this.#waiting.unshift(tile);
    const rest = this.#away ? seconds || PATIENCE_SECONDS : SHORT_REST_SECONDS;
    this.#away = true;
    this.#telling ??= setTimeout(
      () => this.dispatchEvent(new CustomEvent("trouble", { detail: message })),
      WORTH_TELLING_MILLISECONDS,
    );
    if (this.#resting) return;
    this.#resting = true;
    setTimeout(() => {
      this.#resting = false;
      this.#next();
    }, 1000 * rest);
  }

  #note(address, response, duration) {
    if (this.#away) {
      this.#away = false;
      clearTimeout(this.#telling);
      this.#telling = undefined;
      this.dispatchEvent(new Event("recovery"));
    }
    // What comes from the cache of the browser says nothing about workers.
    const isFresh = Date.parse(response.headers.get("Date")) >= this.#openedAt;
    if (isFresh && !this.#known.has(address)) {
      this.#durations = [...this.#durations, duration].slice(-REMEMBERED);
      const worker = /desc="([^"]*)"/.exec(response.headers.get("Server-Timing"));
      if (worker) this.#workers.set(worker[1], performance.now());
    }
    this.#known.add(address);
    this.dispatchEvent(new Event("tile"));
  }
}

async function messageOf(response) {
  try {
    return (await response.json()).message;
  } catch {
    return `the server has answered ${response.status}`;
  }
}
