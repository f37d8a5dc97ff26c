# SPDX-License-Identifier: Apache-2.0
"""The models: valid tasks, and the errors of others."""

import pytest

from faafo import errors
from faafo.fractal.numbers import MAX_INT32
from faafo.fractal.task import FractalTask, parse_task

VALUES = {
    "uuid": "5b3f1a52-9d1c-4d8e-8f4e-0c7a5a3a9b11",
    "width": 31,
    "height": 17,
    "iterations": 90,
    "xa": -1.6,
    "xb": 1,
    "ya": -1.1,
    "yb": 1.1,
}


def test_a_task_is_frozen_and_travels_as_plain_data():
    task = parse_task(VALUES)
    assert parse_task(task.model_dump()) == task
    with pytest.raises(ValueError, match="frozen"):
        task.width = 5


def test_a_uuid_in_capitals_is_the_same_uuid():
    assert parse_task({**VALUES, "uuid": VALUES["uuid"].upper()}).uuid == VALUES["uuid"]


@pytest.mark.parametrize("field", ["width", "height", "iterations"])
@pytest.mark.parametrize("value", [0, -1, 2**31, 2**70, 1.5, "abc", True, None, float("nan"), []])
def test_the_error_of_a_count_names_field_bounds_and_value(field, value):
    with pytest.raises(errors.InvalidTask) as caught:
        parse_task({**VALUES, field: value})
    assert str(caught.value) == (
        f"{field}: must be an integer from 1 to {MAX_INT32}, not {value!r}"
    )


@pytest.mark.parametrize("field", ["xa", "xb", "ya", "yb", "cx", "cy"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e7, 2**70, "1.0", True, []])
def test_the_error_of_a_coordinate_names_field_bounds_and_value(field, value):
    with pytest.raises(errors.InvalidTask) as caught:
        parse_task({**VALUES, "cx": 0.0, "cy": 0.0, field: value})
    expected = f"{field}: must be a finite number from -1000000 to 1000000, not {value!r}"
    assert str(caught.value) == expected


@pytest.mark.parametrize("field", VALUES)
def test_a_missing_field_is_named(field):
    values = {name: value for name, value in VALUES.items() if name != field}
    with pytest.raises(errors.InvalidTask, match=f"^{field}: is missing$"):
        parse_task(values)


def test_half_of_c_is_refused():
    with pytest.raises(errors.InvalidTask, match="cx and cy must be given together"):
        parse_task({**VALUES, "cx": 0.5})


@pytest.mark.parametrize("value", ["../../etc/passwd", "", "5b3f1a52", f"{{{VALUES['uuid']}}}", 5])
def test_an_invalid_uuid_is_refused(value):
    with pytest.raises(errors.InvalidTask, match="^uuid: "):
        parse_task({**VALUES, "uuid": value})


def test_all_invalid_fields_are_named_and_long_values_are_cut():
    with pytest.raises(errors.InvalidTask) as caught:
        parse_task({**VALUES, "width": "x" * 10_000, "height": 0})
    assert "width: " in str(caught.value)
    assert "height: " in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_document_that_is_no_object_is_refused():
    with pytest.raises(errors.InvalidTask, match="the body"):
        parse_task([VALUES])


def test_fields_of_a_later_version_are_ignored_in_a_task_that_travels():
    assert isinstance(parse_task({**VALUES, "colour": "blue"}), FractalTask)
