# SPDX-License-Identifier: Apache-2.0
"""Rules about images."""

from faafo.policies.base import READER_OR_SERVICE, SERVICE, rule

rules = [
    rule(
        "image:get",
        READER_OR_SERVICE,
        "Get an image, or its thumbnail.",
        "GET /api/fractal/{uuid}/image",
        "GET /fractal/{uuid}/download",
        "GET /fractal/{uuid}/thumbnail",
    ),
    rule(
        "image:upload",
        SERVICE,
        "Store the image of an attempt.",
        "PUT /api/fractal/{uuid}/image",
    ),
]
