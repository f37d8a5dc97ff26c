# SPDX-License-Identifier: Apache-2.0
"""Faults: what everybody reads about a failed attempt, and what only the log says."""

import inspect

import pytest

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.producer.faults import PUBLIC, fault, reason

LEASE = Lease("00000000-0000-4000-8000-000000000001", 2)
PRIVATE = "s3_endpoint_url = http://me:S3C@store.internal:8080/bucket, /srv/images: it broke"
KINDS = [
    kind
    for _name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.FaafoError) and not issubclass(kind, PUBLIC)
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_says_nothing_of_the_configuration(kind):
    text = fault(LEASE, "worker w", kind(PRIVATE))
    assert text.startswith("attempt 2 failed on worker w at 20")
    assert text.endswith("; the logs have the details")
    for word in ("http", "me:", "S3C", "internal", "bucket", "/srv", "s3_"):
        assert word not in text.partition("Z: ")[2].replace("attempt", "")


def test_the_log_has_the_rest_without_the_password():
    assert reason(errors.StoreUnavailable(PRIVATE)) == PRIVATE.replace("S3C", "***")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errors.StoreUnreachable("x"), "the image store does not answer;"),
        (errors.StoreUnavailable("x"), "the image store cannot be used;"),
        (errors.ImageRefused("x"), "the image store has refused the image;"),
        (errors.RenderFailed("KeyError: '/srv'"), "the render failed with KeyError;"),
        (errors.RenderFailed(), "the render failed;"),
        (errors.FaafoError("OSError: /srv"), "the attempt failed with OSError;"),
        (errors.WorkerLost("no heartbeat for 8 s"), "no heartbeat for 8 s"),
        (errors.InvalidTask("palette: must be one"), "palette: must be one"),
    ],
)
def test_a_fault_names_the_kind_of_error(error, sentence):
    assert fault(LEASE, "worker w", error).partition("Z: ")[2].startswith(sentence)


def test_of_an_error_that_has_travelled_the_traceback_is_left_out():
    error = errors.RenderCancelled("stopped", "Traceback (most recent call last)")
    assert reason(error) == "stopped"
    assert "Traceback" not in fault(LEASE, "worker w", error)
