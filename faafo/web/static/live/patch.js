// SPDX-License-Identifier: Apache-2.0
// Updates a part of the page in place and keeps unchanged nodes: pictures are not loaded again, and the
// focus stays where it is.

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
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function hasText(node) {
  return [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
}

// Does not move nodes that are in place already: a moved node loses the focus.
function place(parent, children) {
  for (const child of [...parent.children]) {
    if (!children.includes(child)) child.remove();
  }
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}
