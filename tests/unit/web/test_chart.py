# SPDX-License-Identifier: Apache-2.0
"""The chart of the last hour."""

from faafo.db.operation_models import Sample
from faafo.web.chart import HEIGHT, WIDTH, chart_of


def sample(completed=0, queued=0):
    return Sample(completed=completed, queued=queued)


def test_the_largest_bar_is_as_high_as_the_drawing_and_others_in_proportion():
    chart = chart_of([sample(5), sample(20), sample(0), sample(10)])
    assert [bar.height for bar in chart.bars] == [HEIGHT / 4, HEIGHT, HEIGHT / 2]
    assert all(bar.y + bar.height == HEIGHT for bar in chart.bars)
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in chart.bars)


def test_a_minute_without_a_sample_is_a_gap_in_the_line():
    chart = chart_of([sample(queued=2), sample(queued=4), None, sample(queued=1)])
    assert chart.lines == (
        f"75.0,{HEIGHT / 2} 225.0,0.0",
        f"525.0,{HEIGHT * 3 / 4}",
    )


def test_an_hour_without_anything_is_an_empty_chart():
    chart = chart_of([None] * 60)
    assert (chart.bars, chart.lines) == ((), ())
    assert chart.described == (
        "In the last hour 0 fractals were completed, up to 0 a minute, and up to 0 were queued."
    )


def test_nothing_queued_is_a_line_at_the_bottom():
    assert chart_of([sample(), sample()]).lines == (f"150.0,{HEIGHT}.0 450.0,{HEIGHT}.0",)


def test_the_words_have_the_sum_and_both_maxima():
    chart = chart_of([sample(1500, 3), sample(20, 12)])
    assert chart.described == (
        "In the last hour 1,520 fractals were completed, up to 1,500 a minute, and up to 12 were "
        "queued."
    )
