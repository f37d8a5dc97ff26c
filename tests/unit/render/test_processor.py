# SPDX-License-Identifier: Apache-2.0
"""The shape of the kernel's vectors: chosen for the processor, and the same counts in each."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from faafo.render import processor
from faafo.render.processor import AVX2, AVX512, OTHER, shape_for
from tests.unit.render.drawings import drawings_digest

ROOT = Path(__file__).parents[3]
# Pictures with and without interior, with |c| below and above the bound of long strides.
# The other processors draw what this one draws, by all formulas.
COMPARE = """
import sys
from faafo.fractal.task import FractalTask
from faafo.render import processor
from faafo.render.escape import escape_counts
from tests.plain_loop import plain_counts

window = {"xa": -1.6, "xb": 1.6, "ya": -1.1, "yb": 1.1}
size = {"uuid": "00000000-0000-4000-8000-000000000001", "width": 67, "height": 45}
constants = [(-0.8, 0.156), (0.0, 1.0), (-1.0, 0.1), (0.38, 0.22), (-1.99, 0.0), (3.0, -4.0)]
for cx, cy in constants:
    for iterations in (1, 8, 300):
        task = FractalTask(cx=cx, cy=cy, iterations=iterations, **size, **window)
        assert escape_counts(task).tolist() == plain_counts(task), task
if sys.argv[1:]:
    from tests.unit.render.drawings import drawings_digest
    assert drawings_digest() == sys.argv[1]
print(processor.shape())
"""


@pytest.mark.parametrize(
    ("features", "shape"),
    [
        ("+sse2,+avx2,+avx512f,+avx512dq,+avx512vl", AVX512),
        ("+avx2,+avx512f", AVX2),
        ("+avx2,-avx512f,-avx512dq,-avx512vl", AVX2),
        ("+sse2,-avx2", OTHER),
        ("+neon", OTHER),
        ("", OTHER),
    ],
)
def test_the_shape_follows_from_the_features_of_the_processor(features, shape):
    assert shape_for(features) == shape


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names of other processors")
@pytest.mark.parametrize(
    ("cpu_name", "features", "shape"),
    [("generic", "", OTHER), ("haswell", "+avx2,+popcnt,+bmi,+bmi2,+lzcnt", AVX2)],
)
def test_counts_are_the_same_on_a_processor_with_shorter_vectors(cpu_name, features, shape):
    if shape == AVX2 and processor.shape() == OTHER:
        pytest.skip("this processor has no AVX2")
    # What is compiled for drawings takes seconds: once with the shortest vectors is enough.
    drawn = [drawings_digest()] if shape == OTHER else []
    held = {"NUMBA_CPU_NAME": cpu_name, "NUMBA_CPU_FEATURES": features, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", COMPARE, *drawn],
        env=os.environ | held,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{shape}\n"
