# SPDX-License-Identifier: Apache-2.0
"""Faults: what records and logs say about failed attempts; everybody can read records."""

import re
from datetime import UTC, datetime

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.urls import masked_text

# Their messages are about the fractal or the number of seconds, not about the configuration.
PUBLIC = (
    errors.InvalidTask,
    errors.InvalidMessage,
    errors.RenderCancelled,
    errors.RenderTimeout,
    errors.WorkerBusy,
    errors.WorkerLost,
)
# The messages of all others may name paths, hosts, buckets and URLs, which readers must not see.
KINDS: tuple[tuple[type[errors.FaafoError], str], ...] = (
    (errors.StoreUnreachable, "the image store does not answer"),
    (errors.StoreUnavailable, "the image store cannot be used"),
    (errors.ImageRefused, "the image store has refused the image"),
    (errors.BrokerUnavailable, "the message broker cannot be used"),
    (errors.RenderFailed, "the render failed"),
    (errors.FaafoError, "the attempt failed"),
)
# How the message of an unexpected error begins: the name of its class.
CLASS = re.compile(r"[A-Z]\w*(?=: |$)")


def fault(lease: Lease, where: str, error: errors.FaafoError) -> str:
    """Return the fault of an attempt, for its record: number, place, time and kind of error.

    :param where: the worker or producer.
    """
    moment = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"attempt {lease.attempt} failed on {where} at {moment}: {_public(error)}"


def reason(error: errors.FaafoError) -> str:
    """Return what the log says about ``error``."""
    # The text of an error that travelled ends with the worker's traceback; its argument does not.
    return masked_text(str(error.args[0])) if error.args else type(error).__name__


def _public(error: errors.FaafoError) -> str:
    if isinstance(error, PUBLIC):
        return reason(error)
    sentence = next(text for kind, text in KINDS if isinstance(error, kind))
    unexpected = CLASS.match(str(error.args[0])) if error.args else None
    detail = f" with {unexpected[0]}" if unexpected else ""
    return f"{sentence}{detail}; the logs have the details"


def unexpected(error: Exception) -> errors.FaafoError:
    """Return an error of any other class as one of ours."""
    return errors.FaafoError(f"{type(error).__name__}: {error}")
