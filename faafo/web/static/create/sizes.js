// SPDX-License-Identifier: Apache-2.0
// A size by name fills in width and height, and widens the window so that pixels are square; the server does
// the same without a script.

export function fillInSizes(form) {
  const { size, width, height } = form.elements;
  size.addEventListener("change", () => {
    const { width: columns, height: rows } = size.selectedOptions[0].dataset;
    if (!columns) return;
    width.value = columns;
    height.value = rows;
    widen(form.elements, Number(columns), Number(rows));
    form.dispatchEvent(new Event("input"));
  });
  for (const field of [width, height]) field.addEventListener("input", () => (size.value = ""));
}

function widen(fields, columns, rows) {
  const [xa, xb, ya, yb] = ["xa", "xb", "ya", "yb"].map((name) => Number(fields[name].value));
  const step = Math.max(Math.abs(xb - xa) / (columns - 1), Math.abs(yb - ya) / (rows - 1));
  if (!Number.isFinite(step)) return;
  span(fields.xa, fields.xb, (xa + xb) / 2, (step * (columns - 1) * Math.sign(xb - xa || 1)) / 2);
  span(fields.ya, fields.yb, (ya + yb) / 2, (step * (rows - 1) * Math.sign(yb - ya || 1)) / 2);
}

function span(first, last, centre, half) {
  first.value = centre - half;
  last.value = centre + half;
}
