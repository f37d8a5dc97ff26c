// SPDX-License-Identifier: Apache-2.0
// Updates a part of the page in place and keeps unchanged nodes: pictures are not loaded again, and the
// focus stays where it is.
//
// An entry of a list that is held, because the pointer is on it or the focus in it, keeps its place
// among the others, and stays when it is no longer in the list, so that no other entry comes under a
// still pointer. Once it is not held, the next update puts all entries in order.
//
// What the visitor has opened stays open.

// Whether a picture or another entry inside `part` is held.
export const isHeld = (part) => [...part.querySelectorAll("[data-key]")].some(isHeldEntry);

const isHeldEntry = (node) =>
  node.dataset?.key !== undefined && (node.matches(":hover") || node.contains(document.activeElement));

const keyOf = (node, index) => node.dataset?.key ?? `${node.nodeName} ${index}`;

export function patch(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  copyAttributes(old, fresh);
  if (hasText(old) || hasText(fresh)) {
    old.replaceChildren(...fresh.childNodes);
    return;
  }
  const known = new Map([...old.children].map((child, index) => [keyOf(child, index), child]));
  const children = [...fresh.children].map((child, index) => {
    const kept = known.get(keyOf(child, index));
    if (!kept || kept.nodeName !== child.nodeName) return child;
    patch(kept, child);
    return kept;
  });
  place(old, children);
}

function copyAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    const isOpened = name === "open" && old.nodeName === "DETAILS";
    if (!fresh.hasAttribute(name) && !isOpened) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function hasText(node) {
  return [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
}

// Puts `children` in order, with the held ones where they are now.
function place(parent, children) {
  const old = [...parent.children];
  const held = old.filter(isHeldEntry);
  const order = children.filter((child) => !held.includes(child));
  for (const child of held) order.splice(old.indexOf(child), 0, child);
  for (const child of old) {
    if (!order.includes(child)) child.remove();
  }
  let next = parent.firstElementChild;
  for (const child of order) {
    // A held node is not moved, since it would lose the focus: the others move out of its way.
    while (held.includes(child) && next !== child) next = removed(next);
    if (next === child) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

// Removes `node` for the moment and returns the one after it.
function removed(node) {
  const next = node.nextElementSibling;
  node.remove();
  return next;
}
