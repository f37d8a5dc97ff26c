// SPDX-License-Identifier: Apache-2.0
// Loads tiles: a few requests at a time, retries while the service is unavailable, and statistics of
// workers and response times. What the last ones hold is kept, for the way back.

import { Backoff, Refusal, request } from "../answers.js";
import { Shelf } from "./shelf.js";
import { tileAddress } from "./view.js";

const MAX_IN_FLIGHT = 4;
// An outage that is shorter than this is not shown.
const NOTICE_MILLISECONDS = 1000;
// An outage that is longer than this ends the attempts.
const MAX_OUTAGE_MILLISECONDS = 600_000;
const MAX_SAMPLES = 50;
const RECENT_MILLISECONDS = 60_000;

export class TileSource extends EventTarget {
  #base;
  #read;
  #again;
  #waiting = [];
  #inFlight = 0;
  #paused = false;
  #unavailableSince;
  #backoff = new Backoff();
  #noticeTimer;
  #known = new Set();
  #shelf = new Shelf();
  #durations = [];
  #workers = new Map();
  #openedAt = Math.floor(Date.now() / 1000) * 1000;

  // `base` is the address of all tiles, without zoom, column and row; `read` resolves to what an answer
  // holds, which has a byteLength; `again` says how a visitor tries again after an outage.
  constructor(base, { read = countsOf, again = 'press "Show" to try again' } = {}) {
    super();
    this.#base = base;
    this.#read = read;
    this.#again = again;
  }

  addressOf(view, tile) {
    return tileAddress(this.#base, view, tile);
  }

  // What a tile holds that has come before; undefined when it has not, or long ago.
  kept(address) {
    return this.#shelf.get(address);
  }

  // Resolves to what a tile holds; rejects when the signal aborts before the request is
  // sent, when the server refuses the tile for good, and when it has been unavailable for
  // MAX_OUTAGE_MILLISECONDS. A request in flight is not aborted: a worker renders its tile anyway.
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
    const limit = this.#unavailableSince === undefined ? MAX_IN_FLIGHT : 1;
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
      const response = await request(tile.address);
      const content = await this.#read(response);
      this.#record(tile.address, response, performance.now() - startedAt);
      this.#shelf.put(tile.address, content);
      tile.resolve(content);
    } catch (error) {
      this.#refused(tile, error);
    }
    this.#inFlight -= 1;
    this.#next();
  }

  #refused(tile, refusal) {
    if (refusal.isFinal) {
      this.#endOutage();
      tile.reject(refusal);
    } else {
      this.#waiting.unshift(tile);
      this.#retryLater(refusal);
    }
  }

  #retryLater(refusal) {
    this.#unavailableSince ??= performance.now();
    this.#noticeTimer ??= setTimeout(
      () => this.dispatchEvent(new CustomEvent("unavailable", { detail: refusal.message })),
      NOTICE_MILLISECONDS,
    );
    if (this.#paused) return;
    const milliseconds = 1000 * this.#backoff.next(refusal);
    const outage = performance.now() + milliseconds - this.#unavailableSince;
    if (outage > MAX_OUTAGE_MILLISECONDS) this.#giveUp(refusal);
    else this.#pause(milliseconds);
  }

  #pause(milliseconds) {
    this.#paused = true;
    setTimeout(() => {
      this.#paused = false;
      this.#next();
    }, milliseconds);
  }

  #giveUp(refusal) {
    const given = this.#waiting;
    this.#waiting = [];
    this.#endOutage();
    const minutes = MAX_OUTAGE_MILLISECONDS / 60_000;
    const message = `${refusal.message}. Given up after ${minutes} minutes; ${this.#again}`;
    for (const tile of given) tile.reject(new Refusal(message, { isFinal: true }));
  }

  #endOutage() {
    if (this.#unavailableSince === undefined) return;
    this.#unavailableSince = undefined;
    this.#backoff.reset();
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = undefined;
    this.dispatchEvent(new Event("available"));
  }

  #record(address, response, duration) {
    this.#endOutage();
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

// The counts of a tile, a Float32Array. They are little-endian, as are all machines with browsers.
async function countsOf(response) {
  return new Float32Array(await bodyOf(response, "application/octet-stream"));
}

// Resolves to the bytes of an answer of that type: what a proxy answers instead of a tile, such as a login
// page, has another.
export async function bodyOf(response, type) {
  const body = await response.arrayBuffer().catch(() => {
    throw new Refusal("the server is not reachable");
  });
  if (response.headers.get("Content-Type") !== type) {
    throw new Refusal("the answer is not a tile", { isFinal: true });
  }
  return body;
}
