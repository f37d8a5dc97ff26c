// SPDX-License-Identifier: Apache-2.0
// Answers of the server: which refusals are final, and how long to wait before a request is repeated.

// A server that hangs is as good as none.
const TIMEOUT_MILLISECONDS = 90_000;
const FIRST_SECONDS = 0.5;
const LONGEST_SECONDS = 25;
// Pages that failed together do not come back together. With it the longest pause is 30 s.
const JITTER = 0.2;
// Too many requests; a proxy or the service that is unavailable or restarts.
const TEMPORARY = [429, 502, 503, 504];

export class Refusal extends Error {
  // `status` is 0 when nothing was answered, `seconds` is the Retry-After, 0 without one.
  constructor(message, { isFinal = false, status = 0, seconds = 0 } = {}) {
    super(message);
    Object.assign(this, { isFinal, status, seconds });
  }
}

// Resolves to the response when its status is 200 to 299; else rejects with a Refusal.
export async function request(address, options) {
  const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
  const response = await fetch(address, { signal, ...options }).catch(() => {
    throw new Refusal("the server is not reachable");
  });
  if (response.ok) return response;
  const { status } = response;
  const isFinal = !TEMPORARY.includes(status);
  throw new Refusal(await messageOf(response), { isFinal, status, seconds: retryAfter(response) });
}

// The pauses between the attempts of a request: each twice as long as the one before, up to a bound.
export class Backoff {
  #seconds = FIRST_SECONDS;

  // Returns the next pause in seconds; it is never shorter than the Retry-After of the refusal.
  next({ seconds = 0 }) {
    const pause = Math.max(this.#seconds, seconds) * (1 + JITTER * Math.random());
    this.#seconds = Math.min(LONGEST_SECONDS, 2 * this.#seconds);
    return pause;
  }

  reset() {
    this.#seconds = FIRST_SECONDS;
  }
}

async function messageOf(response) {
  const answer = await response.json().catch(() => undefined);
  return answer?.message ?? `HTTP status ${response.status}`;
}

// Retry-After is a number of seconds or a date (RFC 9110, 10.2.3).
function retryAfter(response) {
  const text = response.headers.get("Retry-After") ?? "";
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Math.max(0, seconds || 0);
}
