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


def test_points_of_a_poster_have_a_limit_of_their_own_and_each_band_has_the_usual_one(
    conf, make_task
):
    limits = Limits(conf)
    large = make_task(width=20_000, height=15_000, samples=2)
    assert limits.parts(large, None) == 34
    conf.set_override("max_points", 4 * 20_000 * 442 - 1, group="api")
    with pytest.raises(errors.LimitExceeded, match=r"^samples: 35360000 .* max_points = "):
        limits.parts(large, None)
    assert limits.parts(large, 60) == 60
    conf.set_override("max_poster_points", 10**9, group="api")
    with pytest.raises(errors.LimitExceeded, match=r"^samples: 1200000000 .* max_poster_points = "):
        limits.parts(large, 60)
