// SPDX-License-Identifier: Apache-2.0
// Loads tiles: a few requests at a time, retries while the service is unavailable, and statistics of
// workers and response times.

const MAX_IN_FLIGHT = 4;
const RETRY_SECONDS = 2;
// The first retry comes early: most often there were only too many requests at a time.
const FIRST_RETRY_SECONDS = 0.3;
// An outage that is shorter than this is not shown.
const NOTICE_MILLISECONDS = 1000;
const MAX_SAMPLES = 50;
const RECENT_MILLISECONDS = 60_000;

export class TileSource extends EventTarget {
  #waiting = [];
  #inFlight = 0;
  #unavailable = false;
  #paused = false;
  #noticeTimer;
  #known = new Set();
  #durations = [];
  #workers = new Map();
  #openedAt = Math.floor(Date.now() / 1000) * 1000;

  // Resolves to an ImageBitmap; rejects when the signal aborts before the request is sent, or when the
  // server answers 400. A request in flight is not aborted: a worker renders its tile anyway.
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
    const limit = this.#unavailable ? 1 : MAX_IN_FLIGHT;
    while (this.#waiting.length && this.#inFlight < limit && !this.#paused) {
      const tile = this.#waiting.shift();
      if (tile.signal.aborted) tile.reject(tile.signal.reason);
      else this.#request(tile);
    }
  }

  async #request(tile) {
    this.#inFlight += 1;
    try {
      const startedAt = performance.now();
      const response = await fetch(tile.address);
      if (response.ok) {
        const bitmap = await createImageBitmap(await response.blob());
        this.#record(tile.address, response, performance.now() - startedAt);
        tile.resolve(bitmap);
      } else {
        const message = await messageOf(response);
        if (response.status === 400) tile.reject(new Error(message));
        else this.#retryLater(tile, message, Number(response.headers.get("Retry-After")));
      }
    } catch {
      this.#retryLater(tile, "the server is not reachable");
    }
    this.#inFlight -= 1;
    this.#next();
  }

  #retryLater(tile, message, seconds) {
    this.#waiting.unshift(tile);
    const pause = this.#unavailable ? seconds || RETRY_SECONDS : FIRST_RETRY_SECONDS;
    this.#unavailable = true;
    this.#noticeTimer ??= setTimeout(
      () => this.dispatchEvent(new CustomEvent("unavailable", { detail: message })),
      NOTICE_MILLISECONDS,
    );
    if (this.#paused) return;
    this.#paused = true;
    setTimeout(() => {
      this.#paused = false;
      this.#next();
    }, 1000 * pause);
  }

  #record(address, response, duration) {
    if (this.#unavailable) {
      this.#unavailable = false;
      clearTimeout(this.#noticeTimer);
      this.#noticeTimer = undefined;
      this.dispatchEvent(new Event("available"));
    }
    // Responses from the browser's cache say nothing about workers.
    const isFresh = Date.parse(response.headers.get("Date")) >= this.#openedAt;
    if (isFresh && !this.#known.has(address)) {
      this.#durations = [...this.#durations, duration].slice(-MAX_SAMPLES);
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
    return `HTTP status ${response.status}`;
  }
}
