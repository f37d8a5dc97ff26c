# SPDX-License-Identifier: Apache-2.0
"""The value that is read again now and then."""

import itertools

from faafo.core.refreshed import Refreshed


def test_a_value_is_read_once_within_its_seconds():
    value = Refreshed(itertools.count().__next__, seconds=3600)
    assert [value.get(), value.get()] == [0, 0]


def test_a_value_is_read_again_after_its_seconds():
    value = Refreshed(itertools.count().__next__, seconds=0)
    assert [value.get(), value.get()] == [0, 1]


def test_a_value_that_was_forgotten_is_read_again():
    value = Refreshed(itertools.count().__next__, seconds=3600)
    value.get()
    value.forget()
    assert value.get() == 1


def test_a_value_that_was_forgotten_while_it_was_read_is_read_again():
    numbers = itertools.count()

    def read():
        number = next(numbers)
        if number == 0:
            value.forget()
        return number

    value = Refreshed(read, seconds=3600)
    assert [value.get(), value.get(), value.get()] == [0, 1, 1]
