// SPDX-License-Identifier: Apache-2.0
// A page that is kept as the server has it, where it says data-live, and turned by keys.

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
  // It has come to its end, and its page has more to it now.
  if (!isLive()) location.reload();
}

async function look() {
  if (document.hidden) return;
  try {
    // The browser sends the ETag it has, and gets a 304 while nothing has changed.
    const answer = await fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    pause = PAUSE;
    stale.textContent = "";
  } catch {
    pause = Math.min(2 * pause, LONGEST_PAUSE);
    stale.textContent = "The server does not answer. This page will go on when it does.";
  }
}

const isLive = () => document.querySelector("[data-live]") !== null;

async function follow() {
  await look();
  setTimeout(follow, pause);
}

turnPagesByKeys();
if (isLive()) {
  document.addEventListener("visibilitychange", look);
  setTimeout(follow, pause);
}
