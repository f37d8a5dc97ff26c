// SPDX-License-Identifier: Apache-2.0
// Polls the page and patches its parts marked data-live; the arrow keys turn pages.

import { patch } from "./patch.js";
import { turnPagesByKeys } from "./keys.js";

const PAUSE = 1500;
const LONGEST_PAUSE = 30000;

const stale = document.getElementById("stale");
let pause = PAUSE;

function show(page) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (fresh) patch(part, fresh);
  }
  // The fractal is complete or failed: its page has other parts now.
  if (!isLive()) location.reload();
}

async function poll() {
  if (document.hidden) return;
  try {
    // The browser revalidates with its ETag: an unchanged page is a 304.
    const answer = await fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    pause = PAUSE;
    stale.textContent = "";
  } catch {
    pause = Math.min(2 * pause, LONGEST_PAUSE);
    stale.textContent = "The server does not answer. Retrying …";
  }
}

const isLive = () => document.querySelector("[data-live]") !== null;

async function follow() {
  await poll();
  setTimeout(follow, pause);
}

turnPagesByKeys();
if (isLive()) {
  document.addEventListener("visibilitychange", poll);
  setTimeout(follow, pause);
}
