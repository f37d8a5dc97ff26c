# SPDX-License-Identifier: Apache-2.0
"""Options of the API that bound the size of what is posted."""

from oslo_config import cfg

from faafo.fractal.drawing import MAX_SAMPLES
from faafo.fractal.numbers import MAX_INT32

size_opts: list[cfg.Opt] = [
    cfg.IntOpt(
        "max_width",
        default=16384,
        min=1,
        max=MAX_INT32,
        mutable=True,
        help="Maximum width, in pixels, of a fractal that is posted.",
    ),
    cfg.IntOpt(
        "max_height",
        default=16384,
        min=1,
        max=MAX_INT32,
        mutable=True,
        help="Maximum height, in pixels, of a fractal that is posted.",
    ),
    cfg.IntOpt(
        "max_pixels",
        default=36_000_000,
        min=1,
        max=MAX_INT32**2,
        mutable=True,
        help="Maximum number of pixels (width times height) of a fractal that is posted, or of a "
        "band of one that is divided. A worker needs about six bytes of memory per pixel. The "
        "default admits 8K (7680 x 4320), and A2 at 300 dots per inch (4961 x 7016).",
    ),
    cfg.IntOpt(
        "max_points",
        default=2**28,
        min=1,
        max=(MAX_SAMPLES * MAX_INT32) ** 2,
        mutable=True,
        help="Maximum number of points (width times height times the square of the samples) of a "
        "fractal that is posted with more than one sample, or of a band of one that is divided; "
        "bounds its render time. The default admits 2 x 2 samples at the default max_pixels.",
    ),
    cfg.IntOpt(
        "split_pixels",
        default=36_000_000,
        min=0,
        max=MAX_INT32**2,
        mutable=True,
        help="Number of pixels above which a fractal that is posted alone is divided into bands of "
        "rows, which workers render each on its own: so many that none has more than a quarter of "
        "these pixels, but at most 1000. Requests can ask for a number of bands, too: split. 0: "
        "only these are divided. The default is that of max_pixels.",
    ),
    cfg.IntOpt(
        "max_poster_width",
        default=65_536,
        min=1,
        max=MAX_INT32,
        mutable=True,
        help="Maximum width, in pixels, of a fractal that is divided into bands.",
    ),
    cfg.IntOpt(
        "max_poster_height",
        default=65_536,
        min=1,
        max=MAX_INT32,
        mutable=True,
        help="Maximum height, in pixels, of a fractal that is divided into bands.",
    ),
    cfg.IntOpt(
        "max_poster_pixels",
        default=2**32,
        min=1,
        max=MAX_INT32**2,
        mutable=True,
        help="Maximum number of pixels of a fractal that is divided into bands. A worker needs "
        "memory for one band only, and an image store room for all of them and the picture. "
        "Workers with [store] url = api:// can send pictures up to max_image_size only.",
    ),
    cfg.IntOpt(
        "max_film_pixels",
        default=10**9,
        min=1,
        max=MAX_INT32**2,
        mutable=True,
        help="Maximum number of pixels (width times height times frames) of a film that is posted. "
        "Each frame is bounded by max_pixels, too. A worker that joins a film needs memory for one "
        "frame, and room for the film in a temporary file. The default admits 1000 frames of 1280 "
        "x 720 pixels, or 480 of 1920 x 1080.",
    ),
    cfg.IntOpt(
        "max_poster_points",
        default=2**34,
        min=1,
        max=(MAX_SAMPLES * MAX_INT32) ** 2,
        mutable=True,
        help="Maximum number of points of a fractal that is divided into bands and posted with "
        "more than one sample; max_points holds for each band. The default admits 2 x 2 samples "
        "at the default max_poster_pixels.",
    ),
    cfg.IntOpt(
        "max_iterations",
        default=100_000,
        min=1,
        max=MAX_INT32,
        mutable=True,
        help="Maximum number of iterations of a fractal that is posted; bounds the render time per "
        "pixel.",
    ),
]
