// SPDX-License-Identifier: Apache-2.0
// One box chooses all fractals of the page.

export function chooseAll() {
  const all = document.getElementById("choose-all");
  if (!all) return;
  all.closest("label").hidden = false;
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll("input.choose")) box.checked = all.checked;
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("input.choose") && !target.checked) all.checked = false;
  });
}
