# SPDX-License-Identifier: Apache-2.0
"""Rules about tiles, and the explorer that shows them."""

from faafo.policies.base import READER, rule

rules = [
    rule(
        "tile:get",
        READER,
        "Have a tile rendered, show the explorer and the viewer of large pictures.",
        "GET /tile/{z}/{x}/{y}.png",
        "GET /fractal/{uuid}/tile/{z}/{x}/{y}.png",
        "GET /explore",
        "GET /explore/card.jpg",
    ),
]
