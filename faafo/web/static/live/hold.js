// SPDX-License-Identifier: Apache-2.0
// A gallery that somebody looks at holds still: the pointer rests on it, the focus is in it, or it has been
// scrolled to. New pictures are counted on a button that inserts them; pictures that are shown change in
// their places only.

import { patch } from "./patch.js";

const GALLERY = "ul.gallery";
const BUTTON = "arrivals";
// Parts of the page that belong to the pictures which are shown.
const PARTS = ["excerpt", "pager"];

export class Hold {
  #page = null;
  #insert;

  // `insert` is called with the page to show when the button is pressed.
  constructor(insert) {
    this.#insert = insert;
    document.getElementById(BUTTON)?.addEventListener("click", (event) => this.#release(event));
  }

  // Takes the newest version of the page; returns the ids of the parts that must stay as they are.
  take(page) {
    const shown = document.querySelector(GALLERY);
    const coming = page.querySelector(GALLERY);
    const news = shown && coming && isLookedAt(shown) ? this.#inPlace(shown, coming) : 0;
    this.#page = news ? page : null;
    this.#tell(news, news === coming?.childElementCount);
    return news ? PARTS : [];
  }

  // Updates the entries that are shown; returns the number of the others.
  #inPlace(shown, coming) {
    const known = new Map([...shown.children].map((entry) => [entry.dataset.key, entry]));
    const fresh = [...coming.children];
    const news = fresh.filter((entry) => !known.has(entry.dataset.key)).length;
    for (const entry of news ? fresh : []) {
      // A copy, since a patch takes nodes out, and the page is to be inserted later.
      const old = known.get(entry.dataset.key);
      if (old) patch(old, entry.cloneNode(true));
    }
    return news;
  }

  #tell(news, isFull) {
    const button = document.getElementById(BUTTON);
    if (!button) return;
    const text = news ? `${news}${isFull ? " or more" : ""} new` : "";
    button.hidden = !news;
    if (button.textContent !== text) button.textContent = text;
  }

  #release({ detail }) {
    const page = this.#page;
    if (!page) return;
    this.#page = null;
    this.#tell(0, false);
    this.#insert(page);
    scrollTo({ top: 0 });
    // The button that had the focus is gone; after a click of the pointer, which is one, that does not matter.
    if (detail === 0) document.querySelector(`${GALLERY} a`).focus();
  }
}

// So is one whose button somebody is about to press.
function isLookedAt(gallery) {
  const isUsed = (node) => node.matches(":hover") || node.contains(document.activeElement);
  const isScrolledTo = gallery.getBoundingClientRect().top < 0;
  return isScrolledTo || isUsed(gallery) || isUsed(document.getElementById(BUTTON));
}
