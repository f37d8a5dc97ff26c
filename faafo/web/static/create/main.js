// SPDX-License-Identifier: Apache-2.0
// The form for a fractal: sizes by name, and a preview.

import { Preview } from "./preview.js";
import { fillInSizes } from "./sizes.js";

const form = document.getElementById("new");
fillInSizes(form);
if (form.dataset.tile) new Preview(form, document.getElementById("preview"));
