# SPDX-License-Identifier: Apache-2.0
"""The progress of long renders is logged and reported."""

import contextlib
import logging

from faafo.worker.progress import INTERVAL, SHORT_SECONDS, Progress, Renders


def rows_logged(caplog):
    return [record.args[1] for record in caplog.records]


def test_progress_is_logged_at_intervals(caplog, make_task):
    caplog.set_level(logging.INFO)
    now = [0.0]
    progress = Progress(make_task(), lambda: now[0])
    for tenth in range(40):
        now[0] = tenth * INTERVAL / 10
        progress(tenth)
    assert rows_logged(caplog) == [10, 20, 30]


def test_only_long_renders_that_are_running_are_reported(make_task):
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


def test_the_end_of_an_earlier_render_of_a_fractal_does_not_hide_the_later_one(make_task):
    now = [0.0]
    renders = Renders(lambda: now[0])
    task = make_task()
    with contextlib.ExitStack() as earlier:
        earlier.enter_context(renders.under_way(task))(9)
        with renders.under_way(task) as later:
            later(5)
            now[0] = SHORT_SECONDS + 0.1
            assert renders.rows_done() == {task.uuid: 5}
            earlier.close()
            assert renders.rows_done() == {task.uuid: 5}
