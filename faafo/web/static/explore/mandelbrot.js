// SPDX-License-Identifier: Apache-2.0
// The map of c: the Mandelbrot set, on which a pointer or the arrow keys choose c.
// Imaginary parts grow downwards, as in the plane.

const LEFT = -2.25;
const TOP = -1.3;
const WIDTH = 3.25;
const HEIGHT = 2.6;
const ITERATIONS = 120;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class ConstantMap {
  #canvas;
  #marker;
  #c = { cx: 0, cy: 0 };
  #onChoose;

  // `onChoose` is called with each c and whether it moves, that is whether more are about to follow;
  // `onRest` is called when it moves no more.
  constructor(canvas, marker, { onChoose, onRest }) {
    this.#canvas = canvas;
    this.#marker = marker;
    this.#onChoose = onChoose;
    draw(canvas);
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#point(event);
    });
    canvas.addEventListener("lostpointercapture", onRest);
    canvas.addEventListener("keydown", (event) => this.#press(event));
    canvas.addEventListener("keyup", onRest);
  }

  show({ cx, cy }) {
    this.#c = { cx, cy };
    this.#marker.style.left = `${(100 * (cx - LEFT)) / WIDTH}%`;
    this.#marker.style.top = `${(100 * (cy - TOP)) / HEIGHT}%`;
    this.#marker.hidden = cx < LEFT || cx > LEFT + WIDTH || cy < TOP || cy > TOP + HEIGHT;
  }

  #point(event) {
    const box = this.#canvas.getBoundingClientRect();
    this.#choose(
      LEFT + (WIDTH * (event.clientX - box.left)) / box.width,
      TOP + (HEIGHT * (event.clientY - box.top)) / box.height,
      true,
    );
  }

  #press(event) {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const pixel = WIDTH / this.#canvas.width;
    const far = pixel * (event.shiftKey ? 10 : event.altKey ? 0.1 : 1);
    this.#choose(this.#c.cx + far * step[0], this.#c.cy + far * step[1], event.repeat);
  }

  #choose(cx, cy, isMoving) {
    const c = {
      cx: rounded(Math.min(LEFT + WIDTH, Math.max(-2, cx))),
      cy: rounded(Math.min(TOP + HEIGHT, Math.max(TOP, cy))),
    };
    this.#onChoose(c, isMoving);
  }
}

// Six digits are finer than the pixels of the map.
function rounded(value) {
  return Number(value.toFixed(6));
}

function draw(canvas) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let y = 0, at = 0; y < canvas.height; y += 1) {
    for (let x = 0; x < canvas.width; x += 1, at += 4) {
      const cx = LEFT + (WIDTH * x) / canvas.width;
      const cy = TOP + (HEIGHT * y) / canvas.height;
      const count = escapeCount(cx, cy);
      const light = count === ITERATIONS ? 0 : 56 + 19 * Math.sqrt(count);
      image.data.set([light * 0.75, light * 0.9, light, 255], at);
    }
  }
  context.putImageData(image, 0, 0);
}

function escapeCount(cx, cy) {
  let x = 0;
  let y = 0;
  let count = 0;
  while (count < ITERATIONS && x * x + y * y <= 4) {
    [x, y] = [x * x - y * y + cx, 2 * x * y + cy];
    count += 1;
  }
  return count;
}
