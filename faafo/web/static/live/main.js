// SPDX-License-Identifier: Apache-2.0
// Reads the page again when something has happened, and patches its parts marked data-live; polls it while
// there is no event stream. The arrow keys turn pages.

import { Backoff, request } from "../answers.js";
import { chooseAll } from "./choose.js";
import { Hold } from "./hold.js";
import { turnPagesByKeys } from "./keys.js";
import { isHeld, patch } from "./patch.js";
import { starInPlace } from "./star.js";
import { Stream } from "./stream.js";
import { showLocalTimes } from "./times.js";

const POLL_SECONDS = 1.5;
// After a picture has come it is shown sooner than other changes are, which come often.
const SOON_SECONDS = 0.5;
const PICTURES = ["fractal.complete", "fractal.error"];
// Then the number of the last minute is another one.
const LATER_SECONDS = 60;
const ABOVE = ["maintenance", "notice"];

const stale = document.getElementById("stale");
const backoff = new Backoff();
let seconds = POLL_SECONDS;
let isOver = false;
let asked = 0;
let timer = null;
// In milliseconds, as performance.now() counts: when the page is to be read, and when it was.
let dueAt = Infinity;
let readAt = -Infinity;
let changedAt = -Infinity;

const hold = new Hold((page) => update(page, []));

function show(page) {
  update(page, hold.take(page));
  // The fractal is complete or failed: its page has other parts now.
  if (!isLive()) location.reload();
}

// Patches the parts of the page but those with the ids in `kept`.
function update(page, kept) {
  const parts = [...document.querySelectorAll("[data-live], #maintenance")];
  for (const part of parts.filter(({ id }) => !kept.includes(id))) {
    const fresh = page.getElementById(part.id);
    // What comes and goes above a held picture would move it.
    const moves = fresh && part.childElementCount !== fresh.childElementCount;
    if (fresh && !(ABOVE.includes(part.id) && moves && parts.some(isHeld))) patch(part, fresh);
  }
  showLocalTimes();
}

async function poll() {
  if (document.hidden || isOver) return;
  asked += 1;
  readAt = performance.now();
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

const stream = new Stream({
  opened: () => plan(0),
  changed: (type) => {
    changedAt = performance.now();
    const pause = 1000 * (PICTURES.includes(type) ? SOON_SECONDS : POLL_SECONDS);
    plan((readAt + pause - changedAt) / 1000);
  },
  lost: () => plan(seconds),
});

// Reads the page in that many seconds, unless it is to be read earlier.
function plan(pause) {
  const at = performance.now() + 1000 * Math.max(0, pause);
  if (isOver || at >= dueAt) return;
  clearTimeout(timer);
  dueAt = at;
  timer = setTimeout(follow, at - performance.now());
}

async function follow() {
  dueAt = Infinity;
  await poll();
  if (isOver) stream.stop();
  else if (!stream.isOpen || stale.textContent) plan(seconds);
  else if (performance.now() - changedAt < 1000 * LATER_SECONDS) plan(LATER_SECONDS);
}

// A hidden page needs no connection, of which a browser has few for all pages of a server.
function turnWithThePage() {
  if (document.hidden) stream.stop();
  else stream.start();
  plan(document.hidden ? seconds : 0);
}

showLocalTimes();
turnPagesByKeys();
chooseAll();
starInPlace(poll);
if (isLive()) {
  document.addEventListener("visibilitychange", turnWithThePage);
  if (!document.hidden) stream.start();
  plan(seconds);
}
