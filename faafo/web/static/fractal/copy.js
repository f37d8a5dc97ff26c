// SPDX-License-Identifier: Apache-2.0
// A button that copies the text of the element named in data-copy.

const SECONDS = 2;

export function copyOnClick(button) {
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.textContent = (await copy(document.getElementById(button.dataset.copy))) ? "Copied" : "Selected";
    setTimeout(() => (button.textContent = label), SECONDS * 1000);
  });
}

// Browsers allow clipboard access in secure contexts only; elsewhere the text is selected.
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return false;
  }
}
