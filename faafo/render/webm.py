# SPDX-License-Identifier: Apache-2.0
"""Films as WebM files, VP9, by PyAV: the extra ``faafo[film]``."""

from collections.abc import Iterable
from fractions import Fraction
from typing import IO

import av
from PIL import Image

# Constant quality. One thread and no date or random number: the same bytes each time. The encoder
# looks few frames ahead, since it keeps those.
SETTINGS = {
    "crf": "24",
    "b:v": "0",
    "deadline": "good",
    "cpu-used": "4",
    "row-mt": "0",
    "lag-in-frames": "8",
}
BIT_EXACT = {"fflags": "+bitexact"}


def write(
    pictures: Iterable[Image.Image], width: int, height: int, count: int, fps: int, file: IO[bytes]
) -> None:
    """Write a film to a seekable, empty ``file``, as ``webp.write`` does."""
    with av.open(file, "w", format="webm", options=BIT_EXACT) as container:
        stream = container.add_stream("libvpx-vp9", rate=fps, options=SETTINGS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.thread_count = 1
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        stream.time_base = Fraction(1, fps)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
