// SPDX-License-Identifier: Apache-2.0
// A star changes in its place: the form is sent without leaving the page, which is then updated.

export function starInPlace(update) {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-live] .star")) return;
    event.preventDefault();
    const options = { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" };
    const answer = await fetch(form.action, options).catch(() => null);
    // The answer to a form that was taken leads back to this page; any other one is shown.
    if (answer?.type === "opaqueredirect") await update();
    else form.submit();
  });
}
