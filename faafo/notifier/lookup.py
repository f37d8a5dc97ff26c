# SPDX-License-Identifier: Apache-2.0
"""The look-up of a receiver's name, within the deadline of a delivery."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future

from faafo.egress import Address, Network, Receiver, Resolve, addresses
from faafo.notifier.connection import Deadline


def look_up(
    receiver: Receiver, allowed: Sequence[Network], resolve: Resolve, deadline: Deadline
) -> list[Address]:
    """Return the addresses of a receiver, all of which may be dialed.

    The system's resolver has no deadline, and whoever owns a name may have it wait: it runs in a
    thread that is left to itself when the deadline has passed, and ends by the resolver's own.

    :raises ValueError: when one of them may not be dialed; the sentence names it.
    :raises OSError: when there is none, or the deadline has passed.
    """
    found: Future[list[Address]] = Future()

    def run() -> None:
        try:
            found.set_result(addresses(receiver.host, receiver.port, allowed, resolve))
        # It is raised again where the result is waited for.
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=run, name="lookup", daemon=True).start()
    return found.result(deadline.left())
