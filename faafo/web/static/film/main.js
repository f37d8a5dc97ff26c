// SPDX-License-Identifier: Apache-2.0
// Plays a film, or shows its first frame. What moves by itself can be stopped (WCAG 2.2.2), and does not
// begin to move for those who want less of that.

const picture = document.getElementById("film-picture");
const button = document.getElementById("film-play");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const turn = picture instanceof HTMLVideoElement ? turnVideo : turnImage;
const still = picture.src;
let isPlaying = false;

function play(wanted) {
  isPlaying = wanted;
  button.textContent = wanted ? "Stop" : "Play";
  turn(wanted);
}

// The first frame is seen until the film has come.
function turnImage(wanted) {
  picture.style.background = `center / contain no-repeat url("${still}")`;
  picture.src = wanted ? picture.dataset.film : still;
}

// Without its data a video shows its poster.
function turnVideo(wanted) {
  picture.controls = false;
  if (wanted) picture.play().catch(() => isPlaying && play(false));
  else picture.load();
}

button.hidden = false;
button.addEventListener("click", () => play(!isPlaying));
calm.addEventListener("change", () => calm.matches && play(false));
play(!calm.matches);
