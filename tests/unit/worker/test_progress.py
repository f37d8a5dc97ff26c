"""Progress: long renders are heard of, short ones are not."""

import logging

from faafo.worker.progress import INTERVAL, Progress


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
