// SPDX-License-Identifier: Apache-2.0
// Polls the page and patches its parts marked data-live; the arrow keys turn pages.

import { Backoff, request } from "../answers.js";
import { turnPagesByKeys } from "./keys.js";
import { isHeld, patch } from "./patch.js";
import { starInPlace } from "./star.js";

const POLL_SECONDS = 1.5;

const stale = document.getElementById("stale");
const backoff = new Backoff();
let seconds = POLL_SECONDS;
let isOver = false;
let asked = 0;

function show(page) {
  const parts = [...document.querySelectorAll("[data-live]")];
  for (const part of parts) {
    const fresh = page.getElementById(part.id);
    // What comes and goes above a held picture would move it.
    const moves = fresh && part.childElementCount !== fresh.childElementCount;
    if (fresh && !(part.id === "notice" && moves && parts.some(isHeld))) patch(part, fresh);
  }
  // The fractal is complete or failed: its page has other parts now.
  if (!isLive()) location.reload();
}

async function poll() {
  if (document.hidden || isOver) return;
  asked += 1;
  const number = asked;
  try {
    // The browser revalidates with its ETag: an unchanged page is a 304.
    const answer = await request(location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
    // The login has expired: its page is the answer.
    if (answer.redirected) return location.assign(answer.url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // The answer to a question that was asked later may show a star that this one does not know.
    if (number === asked) show(page);
    backoff.reset();
    seconds = POLL_SECONDS;
    stale.textContent = "";
  } catch (refusal) {
    // An error of the server passes; a page that is gone or forbidden stays so.
    isOver = refusal.isFinal === true && refusal.status < 500;
    seconds = isOver ? 0 : Math.max(POLL_SECONDS, backoff.next(refusal));
    stale.textContent = isOver
      ? `This page is no longer updated: ${refusal.message}.`
      : "The server does not answer. Retrying …";
  }
}

const isLive = () => document.querySelector("[data-live]") !== null;

async function follow() {
  await poll();
  if (!isOver) setTimeout(follow, 1000 * seconds);
}

turnPagesByKeys();
starInPlace(poll);
if (isLive()) {
  document.addEventListener("visibilitychange", poll);
  setTimeout(follow, 1000 * seconds);
}
