# SPDX-License-Identifier: Apache-2.0
"""Progress: long renders are heard of, short ones are not."""

import logging

from faafo.worker.progress import INTERVAL, SHORT_SECONDS, Progress, Renders


def rows_logged(caplog):
    return [record.args[1] for record in caplog.records]


def test_a_short_render_says_nothing_and_a_long_one_speaks_up_now_and_then(caplog, make_task):
    caplog.set_level(logging.INFO)
    now = [0.0]
    progress = Progress(make_task(), lambda: now[0])
    for tenth in range(40):
        now[0] = tenth * INTERVAL / 10
        progress(tenth)
    assert rows_logged(caplog) == [10, 20, 30]


def test_producers_hear_of_the_renders_that_take_long_and_of_none_that_is_over(make_task):
    now = [0.0]
    renders = Renders(lambda: now[0])
    first, second = make_task(), make_task()
    with renders.under_way(first) as progress:
        progress(5)
        assert renders.rows_done() == {}
        now[0] = SHORT_SECONDS + 0.1
        with renders.under_way(second):
            assert renders.rows_done() == {first.uuid: 5}
            progress(6)
            assert renders.rows_done() == {first.uuid: 6}
    assert renders.rows_done() == {}
