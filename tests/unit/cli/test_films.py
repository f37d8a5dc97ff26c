# SPDX-License-Identifier: Apache-2.0
"""``faafo film create``: the paths that its options describe."""

import json

import pytest

from faafo.client import Client

SMALL = ("--size", "8x6", "--frames", 4, "--fps", 2)


@pytest.fixture
def client(api_url):
    with Client(api_url) as client:
        yield client


@pytest.mark.parametrize(
    ("options", "path"),
    [
        (
            ("--circle", "-0.1+0.2i,0.5"),
            {"type": "circle", "centre": [-0.1, 0.2], "radius": 0.5},
        ),
        (
            ("--circle", "0.1,-0.2,0.5"),
            {"type": "circle", "centre": [0.1, -0.2], "radius": 0.5},
        ),
        (
            ("--points", "-0.8+0.156i,0.285,1i"),
            {"type": "points", "points": [[-0.8, 0.156], [0.285, 0.0], [0.0, 1.0]]},
        ),
        (("--walk",), {"type": "walk"}),
        (("--walk", 7), {"type": "walk", "seed": 7}),
        (
            ("--zoom", "-0.8+0.156i", "--to", "0.5,0.5,0.032"),
            {
                "type": "zoom",
                "c": [-0.8, 0.156],
                "to": {"xa": 0.484, "xb": 0.516, "ya": 0.488, "yb": 0.512},
            },
        ),
    ],
)
def test_the_options_say_where_c_leads(faafo, options, path):
    status, shown, problems = faafo("film", "create", *options, *SMALL, "-f", "json")
    assert (status, problems) == (0, "")
    record = json.loads(shown, parse_float=lambda text: round(float(text), 9))
    assert record["film"] == {"path": path, "frames": 4, "fps": 2, "format": "webp"}
    assert (record["children"], record["width"], record["height"]) == (4, 8, 6)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ((), "one of the arguments --circle --points --walk --zoom is required"),
        (("--circle", "0,1", "--walk"), "argument --walk: not allowed with argument --circle"),
        (("--circle", "0,0"), "the length: must be above 0, at most "),
        (("--circle", "1"), "must be a point and a length such as 0.1+0.2i,0.5"),
        (("--circle", "nan,1"), "must be a complex number such as -0.8+0.156i"),
        (("--points", "0.25"), "must be 2 to 100 complex numbers with commas between"),
        (("--walk", "-1"), "must be an integer from 0 to "),
        (("--zoom", "0.25"), "arguments --zoom and --to: must be given together"),
        (("--walk", "--to", "0,1"), "arguments --zoom and --to: must be given together"),
        (("--walk", "--frames", "1"), "must be an integer from 2 to 1000, not '1'"),
        (("--walk", "--fps", "61"), "must be an integer from 1 to 60, not '61'"),
    ],
)
def test_what_is_no_path_is_refused_before_anything_is_posted(faafo, client, options, problem):
    status, shown, problems = faafo("film", "create", *options)
    assert (status, shown) == (2, "")
    assert problem in problems
    assert list(client.find()) == []


def test_a_file_is_of_the_format_that_its_name_has(faafo, client, tmp_path):
    path = tmp_path / "walk.WEBM"
    options = ("--walk", *SMALL, "--output", path, "--timeout", "0s")
    assert faafo("film", "create", *options)[0] == 1
    (film,) = client.find()
    assert (film.film["format"], film.suffix) == ("webm", ".webm")
    frames = faafo("fractal", "list", "--children", film.uuid, "-f", "value", "-c", "frame")[1]
    assert sorted(frames.split()) == ["0", "1", "2", "3"]
