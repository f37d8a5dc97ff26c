# SPDX-License-Identifier: Apache-2.0
"""The timeouts of a producer."""

import pytest

from tests.paces import pace_of


@pytest.mark.parametrize(("lease", "timeout"), [(1.0, 5.0), (30.0, 10.0), (3600.0, 20.0)])
def test_a_request_waits_for_a_fraction_of_a_lease_within_bounds(lease, timeout):
    assert pace_of(1.0, lease, 2.0, 2.0).read_timeout == timeout
