// SPDX-License-Identifier: Apache-2.0
// Reads the page again every few seconds and patches its parts marked data-live. A box blinks when its
// service does something: for each fractal that the event stream tells of, or when a count has grown.

import { Backoff, request } from "../answers.js";
import { patch } from "../live/patch.js";
import { Stream } from "../live/stream.js";

const POLL_SECONDS = 2;
const BLINK_MILLISECONDS = 500;

const stale = document.getElementById("stale");
const backoff = new Backoff();
const stillness = window.matchMedia("(prefers-reduced-motion: reduce)");
let isOver = false;
let timer = null;

// Where streams are refused the counts are left.
const stream = new Stream({
  opened: showStream,
  lost: showStream,
  changed: (_type, data) => {
    const name = JSON.parse(data).data.generated_by;
    const box = boxes().find((one) => one.dataset.kind === "worker" && one.dataset.name === name);
    if (box) blink(box);
  },
});

function showStream() {
  document.documentElement.dataset.streams = stream.isOpen ? "open" : "closed";
}

// Tells whoever listens, too: the event "blink" of the box.
function blink(box) {
  box.dispatchEvent(new CustomEvent("blink", { bubbles: true }));
  const light = box.querySelector(".light");
  const bright = stillness.matches ? {} : { transform: "scale(1.8)", boxShadow: "0 0 0.6em currentColor" };
  light?.animate([{ filter: "brightness(1.6)", ...bright }, { filter: "none", transform: "none" }], BLINK_MILLISECONDS);
}

const boxes = () => [...document.querySelectorAll(".box")];

const counted = () => new Map(boxes().map((box) => [box.dataset.key, Number(box.dataset.done)]));

function show(page) {
  const before = counted();
  for (const part of document.querySelectorAll("[data-live], #maintenance")) {
    const fresh = page.getElementById(part.id);
    if (fresh) patch(part, fresh);
  }
  for (const box of boxes()) {
    const told = stream.isOpen && box.dataset.kind === "worker";
    if (!told && Number(box.dataset.done) > before.get(box.dataset.key)) blink(box);
  }
}

async function poll() {
  if (document.hidden) return POLL_SECONDS;
  try {
    const answer = await request(location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
    // The login has expired: its page is the answer.
    if (answer.redirected) location.assign(answer.url);
    else show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    backoff.reset();
    stale.textContent = "";
    return POLL_SECONDS;
  } catch (refusal) {
    // An error of the server passes; a page that is forbidden stays so.
    isOver = refusal.isFinal === true && refusal.status < 500;
    stale.textContent = isOver
      ? `This page is no longer updated: ${refusal.message}.`
      : "The server does not answer. Retrying …";
    return Math.max(POLL_SECONDS, backoff.next(refusal));
  }
}

async function follow() {
  const seconds = await poll();
  clearTimeout(timer);
  if (isOver) stream.stop();
  else timer = setTimeout(follow, 1000 * seconds);
}

// A hidden page needs no connection, of which a browser has few for all pages of a server.
function turnWithThePage() {
  if (document.hidden) stream.stop();
  else if (!isOver) {
    stream.start();
    follow();
  }
  showStream();
}

document.addEventListener("visibilitychange", turnWithThePage);
if (!document.hidden) stream.start();
timer = setTimeout(follow, 1000 * POLL_SECONDS);
