// SPDX-License-Identifier: Apache-2.0
// The page of a fractal: its picture can be zoomed, and its checksum copied.

import { Zoom } from "./zoom.js";
import { copyOnClick } from "./copy.js";

const picture = document.querySelector(".zoomable");
if (picture) new Zoom(picture, document.querySelector(".zoom-steps"));
for (const button of document.querySelectorAll("button[data-copy]")) copyOnClick(button);
