# SPDX-License-Identifier: Apache-2.0
"""Which style the generator has, and the fractals of each."""

import random
import threading

import pytest
from oslo_config import cfg

from faafo import conf as options
from faafo.client.http import Client
from faafo.fractal.palette import NAMES
from faafo.producer.generator import Generator
from faafo.producer.sets import PIECE, Maker, Sets, sets_of

RANGES = {
    **dict.fromkeys(("width", "height"), (16, 32)),
    "iterations": (20, 40),
    **dict.fromkeys(("xa", "ya"), (-1.0, -2.0)),
    **dict.fromkeys(("xb", "yb"), (1.0, 2.0)),
}


@pytest.fixture
def read(tmp_path):
    """Return a function that returns the configuration in a file with this text."""

    def read(text):
        path = tmp_path / "producer.conf"
        path.write_text(text)
        conf = cfg.ConfigOpts()
        options.register_opts(conf)
        conf([], default_config_files=[str(path)])
        return conf

    return read


def test_without_options_pictures_have_taste_and_all_palettes(read):
    sets = sets_of(read("[DEFAULT]\nmin_tasks = 2\ninterval = 5\n"))
    assert (sets.style, sets.palettes, sets.least, sets.most) == ("taste", NAMES, 2, 10)


@pytest.mark.parametrize("option", ["max_width = 800", "min_iterations = 128", "palettes = ember"])
def test_an_option_of_the_classic_style_selects_it_even_at_its_default(read, option):
    sets = sets_of(read(f"[DEFAULT]\n{option}\n"))
    assert sets.style == "classic"
    assert list(sets.palettes) == (["ember"] if "ember" in option else ["original"])


def test_a_setting_selects_it_until_it_is_gone(read):
    conf = read("")
    conf.set_override("min_xa", -1.5)
    assert sets_of(conf).style == "classic"
    # What a setting that is gone leaves behind.
    conf.set_override("min_xa", -1.0)
    assert sets_of(conf).style == "taste"


@pytest.mark.parametrize("style", ["classic", "taste"])
def test_the_option_itself_decides(read, style):
    both = f"[DEFAULT]\npalettes = ember, dawn\nmax_xb = 3\n[producer]\nstyle = {style}\n"
    for text in (both, f"[producer]\nstyle = {style}\n"):
        assert sets_of(read(text)).style == style
    assert list(sets_of(read(both)).palettes) == ["ember", "dawn"]


def test_the_style_is_changed_while_the_service_runs(read):
    conf = read("")
    conf.set_override("style", "classic", group="producer")
    assert sets_of(conf).style == "classic"


def test_classic_fractals_are_drawn_as_they_always_were():
    maker = Maker(random.Random(1))
    sets = Sets(RANGES, 3, 3)
    (tasks,) = maker.pieces(sets, maker.count(sets))
    assert len(tasks) == 3
    assert {(one.palette, one.colouring, one.samples) for one in tasks} == {
        ("original", "bands", 1)
    }
    assert all(16 <= one.width <= 32 for one in tasks)


def test_fractals_with_taste_are_posted_a_few_at_a_time(api_url):
    posted = []
    sets = Sets(RANGES, PIECE + 1, PIECE + 1, ("ember", "opal"), "taste")
    generator = Generator(Client(api_url), lambda: sets, random.Random(1), lambda: posted.append(1))
    uuids, refused = generator.generate(threading.Event())
    assert (len(uuids), refused, posted) == (PIECE + 1, 0, [1, 1])
    records = Client(api_url).get_all(uuids)
    assert {one["palette"] for one in records} == {"ember", "opal"}
    assert {(one["colouring"], one["samples"]) for one in records} == {("smooth", 2)}


def test_a_large_set_is_not_finished_once_the_producer_stops(api_url):
    stop = threading.Event()
    sets = Sets(RANGES, 10_000, 10_000, ("ember",), "taste")
    generator = Generator(Client(api_url), lambda: sets, random.Random(1), stop.set)
    uuids, refused = generator.generate(stop)
    assert (len(uuids), refused) == (PIECE, 10_000 - PIECE)
