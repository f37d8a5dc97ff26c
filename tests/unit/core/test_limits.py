# SPDX-License-Identifier: Apache-2.0
"""The operator's limits."""

import pytest

from faafo import errors
from faafo.core.limits import Limits


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("width", {"width": 101, "height": 1}),
        ("height", {"width": 1, "height": 101}),
        ("pixels", {"width": 100, "height": 51}),
        ("iterations", {"iterations": 1001}),
    ],
)
def test_what_is_larger_than_a_limit_is_refused_by_name_and_option(conf, make_task, field, changes):
    for name, limit in {"width": 100, "height": 100, "pixels": 5000, "iterations": 1000}.items():
        conf.set_override(f"max_{name}", limit, group="api")
    limits = Limits(conf)
    limits.check(make_task(width=100, height=50, iterations=1000))
    with pytest.raises(errors.LimitExceeded, match=rf"^{field}: .* \[api\] max_{field} = "):
        limits.check(make_task(**changes))
