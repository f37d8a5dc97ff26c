// SPDX-License-Identifier: Apache-2.0
// The arrow keys left and right follow the links with rel="prev" and rel="next".

const LINKS = { ArrowLeft: "prev", ArrowRight: "next" };

export function turnPagesByKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea, [role=application]")) return;
    const rel = LINKS[event.key];
    const link = rel && document.querySelector(`main a[rel=${rel}]`);
    if (link) location.assign(link.href);
  });
}
