// SPDX-License-Identifier: Apache-2.0
// The page of a fractal: zooms the picture and copies the checksum.

import { Zoom } from "./zoom.js";
import { copyOnClick } from "./copy.js";

const picture = document.querySelector(".zoomable");
if (picture) new Zoom(picture, document.querySelector(".zoom-steps"));
for (const button of document.querySelectorAll("button[data-copy]")) copyOnClick(button);
