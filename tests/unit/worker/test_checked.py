# SPDX-License-Identifier: Apache-2.0
"""Files whose checksum is known are not used when they are damaged."""

import hashlib
import io

import pytest

from faafo import errors
from faafo.worker.checked import Checked


@pytest.mark.parametrize("checksum", [None, hashlib.sha256(b"abcdef").hexdigest()])
def test_a_file_is_read_as_it_is(checksum):
    file = Checked(io.BytesIO(b"abcdef"), checksum, "segment 3")
    assert [file.read(4) for _ in range(3)] == [b"abcd", b"ef", b""]


def test_a_damaged_file_is_refused_at_its_end():
    file = Checked(io.BytesIO(b"abcdef"), hashlib.sha256(b"abc").hexdigest(), "segment 3")
    assert file.read(9) == b"abcdef"
    with pytest.raises(errors.InvalidImage, match="segment 3: .* damaged"):
        file.read(9)
