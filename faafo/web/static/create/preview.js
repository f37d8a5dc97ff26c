// SPDX-License-Identifier: Apache-2.0
// A preview of the window in the form, made of tiles. They cover the square from -2 - 2i to 2 + 2i, and have
// 256 pixels on each side; at zoom z there are 2^z in a row. A window with pixels that are not square is
// stretched as the picture will be.

const FIRST = -2;
const EXTENT = 4;
const MAX_ZOOM = 42;
// A tile is not drawn smaller than half of its size.
const LONGEST_SIDE = 480;
const PAUSE_MILLISECONDS = 400;
const STYLE = ["cx", "cy", "iterations", "palette", "formula", "colouring", "offset", "density", "inside"];
const NUMBERS = ["width", "height", "iterations", "xa", "xb", "ya", "yb", "cx", "cy", "offset", "density"];

export class Preview {
  #form;
  #box;
  #frame;
  #status;
  #timer;

  constructor(form, box) {
    this.#form = form;
    this.#box = box;
    this.#frame = box.querySelector(".frame");
    this.#status = box.querySelector("[role=status]");
    box.hidden = false;
    form.addEventListener("input", () => this.#later());
    this.#draw();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#draw(), PAUSE_MILLISECONDS);
  }

  #draw() {
    const values = new FormData(this.#form);
    const [width, height, iterations, xa, xb, ya, yb] = NUMBERS.map((name) => Number(values.get(name)));
    const isNumber = NUMBERS.every((name) => values.get(name) !== "" && Number.isFinite(Number(values.get(name))));
    if (!isNumber || width < 1 || height < 1 || xa === xb || ya === yb) {
      return this.#say("A preview is shown here once there are c and a window.");
    }
    if (iterations > Number(this.#form.dataset.maxIterations)) {
      return this.#say(`There is a preview for up to ${this.#form.dataset.maxIterations} iterations.`);
    }
    const scale = LONGEST_SIDE / Math.max(width, height);
    this.#show({ xa, xb, ya, yb, width: width * scale, height: height * scale }, this.#query(values));
  }

  #query(values) {
    const style = STYLE.map((name) => [name, values.get(name)]).filter(([, value]) => value !== "");
    return new URLSearchParams(style).toString();
  }

  #show({ xa, xb, ya, yb, width, height }, query) {
    const [spanX, spanY] = [Math.abs(xb - xa), Math.abs(yb - ya)];
    // The zoom at which the tiles are as fine as the preview, where it is finest.
    const step = Math.min(spanX / width, spanY / height);
    const zoom = Math.min(MAX_ZOOM, Math.max(0, Math.round(Math.log2(EXTENT / 256 / step))));
    const side = EXTENT / 2 ** zoom;
    const columns = covering(Math.min(xa, xb), spanX, side, zoom);
    const rows = covering(Math.min(ya, yb), spanY, side, zoom);
    if (columns.length * rows.length > 64) return this.#say("The window is too long for a preview.");
    Object.assign(this.#frame.style, { width: `${width}px`, aspectRatio: `${width} / ${height}` });
    this.#frame.style.transform = `scale(${xa > xb ? -1 : 1}, ${ya > yb ? -1 : 1})`;
    const images = rows.flatMap((y) => columns.map((x) => this.#tile(zoom, x, y, query)));
    const percent = (value) => `${100 * value}%`;
    for (const { image, x, y } of images) {
      image.style.left = percent((FIRST + x * side - Math.min(xa, xb)) / spanX);
      image.style.top = percent((FIRST + y * side - Math.min(ya, yb)) / spanY);
      image.style.width = percent(side / spanX);
      image.style.height = percent(side / spanY);
    }
    this.#say(images.length ? "" : "There are no tiles of this window.");
    this.#frame.replaceChildren(...images.map(({ image }) => image));
  }

  #tile(zoom, x, y, query) {
    const image = new Image();
    image.alt = "";
    image.addEventListener("error", () => image.isConnected && this.#say("No worker draws a preview now."));
    image.src = `${this.#form.dataset.tile}/${zoom}/${x}/${y}.png?${query}`;
    return { image, x, y };
  }

  #say(text) {
    if (this.#status.textContent !== text) this.#status.textContent = text;
    this.#frame.hidden = text !== "";
  }
}

// The numbers of the tiles that cover `span` from `start` on.
function covering(start, span, side, zoom) {
  const first = Math.max(0, Math.floor((start - FIRST) / side));
  const last = Math.min(2 ** zoom - 1, Math.ceil((start + span - FIRST) / side) - 1);
  return Array.from({ length: Math.max(0, Math.min(last - first + 1, 65)) }, (_, index) => first + index);
}
