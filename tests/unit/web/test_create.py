# SPDX-License-Identifier: Apache-2.0
"""The form for a fractal of one's own."""

import re

import pytest

FORM = {
    "width": "64", "height": "48", "iterations": "100",
    "xa": "-1.5", "xb": "1.5", "ya": "-1", "yb": "1", "cx": "-0.8", "cy": "0.156",
    "palette": "ember",
}  # fmt: skip


def field(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def test_what_is_filled_in_becomes_a_fractal(visitor):
    answer = visitor.post("/new", data=FORM)
    assert answer.status_code == 303
    record = visitor.get(answer.location.replace("/fractal", "/api/fractal")).json
    for name, text in FORM.items():
        assert record[name] == (text if name == "palette" else float(text))
    assert record["status"] == "queued"


def test_a_picture_that_is_too_large_for_one_worker_is_divided(visitor):
    answer = visitor.post("/new", data=FORM | {"width": "8000", "height": "6000"})
    record = visitor.get(answer.location.replace("/fractal", "/api/fractal")).json
    assert (record["status"], record["children"]) == ("rendering", 6)


def test_without_c_one_is_chosen(visitor):
    answer = visitor.post("/new", data=FORM | {"cx": "", "cy": " "})
    record = visitor.get(answer.location.replace("/fractal", "/api/fractal")).json
    assert record["cx"] is not None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"width": "many"}, "width: must be an integer"),
        ({"width": "0"}, "width: must be an integer from 1"),
        ({"width": "1e300"}, "width: must be"),
        ({"height": ""}, "height: is missing"),
        ({"xa": "nan"}, "xa: must be a finite number"),
        ({"xa": "1e999"}, "xa: must be a finite number"),
        ({"cy": ""}, "cx and cy must be given together"),
        ({"palette": "plaid"}, "palette: must be one of"),
        ({"width": "2000000000"}, "[api] max_poster_width"),
        ({"width": "50000"}, "[api] max_width"),
    ],
)
def test_invalid_fields_are_named_and_stay_filled_in(visitor, change, words):
    answer = visitor.post("/new", data=FORM | change)
    assert answer.status_code == 400
    assert words in answer.text
    if "palette" not in change:
        assert field(answer.text, next(iter(change))) == next(iter(change.values()))
    assert field(answer.text, "iterations") == "100"


def test_an_error_is_at_its_field_and_the_first_one_has_the_focus(visitor):
    page = visitor.post("/new", data=FORM | {"height": "0", "offset": "2", "inside": "red"}).text
    for name in ("height", "offset", "inside"):
        tag = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)[0]
        assert f'aria-describedby="{name}-error' in tag
        assert 'aria-invalid="true"' in tag
        assert ("autofocus" in tag) == (name == "height")
        sentence = re.search(rf'<p [^>]*id="{name}-error">([^<]*)<', page)[1]
        assert sentence.startswith(f"{name}: must be")
    assert page.count("aria-invalid") == 3


@pytest.mark.parametrize(
    ("change", "field_of_error"),
    [
        ({"cy": ""}, "cx"),
        ({"width": "2000000000"}, "width"),
        ({"width": "65000", "height": "65000", "samples": "4"}, "samples"),
        ({"palette": "plaid"}, "palette"),
    ],
)
def test_every_error_has_a_place(visitor, change, field_of_error):
    page = visitor.post("/new", data=FORM | change).text
    assert f'id="{field_of_error}-error"' in page
    assert f'aria-describedby="{field_of_error}-error' in page


def test_all_that_a_picture_depends_on_can_be_chosen(visitor):
    drawing = {
        "formula": "z3", "colouring": "smooth", "samples": "2", "offset": "0.25", "density": "0.5",
        "inside": "#102030",
    }  # fmt: skip
    answer = visitor.post("/new", data=FORM | drawing)
    record = visitor.get(answer.location.replace("/fractal", "/api/fractal")).json
    assert {name: str(record[name]) for name in drawing} == drawing


def test_a_size_by_name_has_square_pixels_and_the_whole_window(visitor):
    window = {"xa": "1.5", "xb": "-1.5", "ya": "-1", "yb": "1"}
    answer = visitor.post(
        "/new", data=FORM | window | {"size": "phone", "width": "", "height": "1"}
    )
    record = visitor.get(answer.location.replace("/fractal", "/api/fractal")).json
    assert (record["width"], record["height"]) == (1080, 2400)
    assert (record["xa"], record["xb"]) == (1.5, -1.5)
    assert record["yb"] == -record["ya"] == pytest.approx(1.5 * 2399 / 1079)


@pytest.mark.parametrize("none", ["left", "nan", "1e999"])
def test_a_size_by_name_does_not_hide_a_window_that_is_none(visitor, none):
    page = visitor.post("/new", data=FORM | {"size": "HD", "xa": none}).text
    assert 'id="xa-error"' in page
    assert (field(page, "width"), field(page, "xb")) == ("1920", "1.5")


def test_what_is_filled_in_is_shown_as_text(visitor):
    answer = visitor.post("/new", data=FORM | {"width": '"><script>alert(1)</script>'})
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text


def test_a_cross_site_request_is_rejected(visitor):
    answer = visitor.post("/new", data=FORM, headers={"Origin": "http://elsewhere.example"})
    assert answer.status_code == 403


def test_the_form_is_empty_but_for_what_is_usual(visitor):
    page = visitor.get("/new").text
    assert field(page, "width") == "1280"
    assert field(page, "cx") == ""


def test_a_fractal_can_be_rendered_again_larger(visitor, complete):
    uuid = complete(width=40, height=30, palette="tides", xa=-1 / 3)
    page = visitor.get(f"/fractal/{uuid}").text
    address = re.search(r'href="(/new[^"]*)">Render again larger', page)[1]
    page = visitor.get(address.replace("&amp;", "&")).text
    assert (field(page, "width"), field(page, "height")) == ("80", "60")
    assert field(page, "xa") == str(-1 / 3)
    assert 'value="tides" checked' in page
    # What the fractal is not is not suggested either.
    assert '<option value="bands" selected>' in page
