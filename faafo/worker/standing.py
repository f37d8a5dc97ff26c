# SPDX-License-Identifier: Apache-2.0
"""The standing of a worker: whether an operator has disabled it, as producers tell."""

import logging
import threading
from collections.abc import Callable

from faafo.rpc.messages import Instruction

LOG = logging.getLogger(__name__)


class Standing:
    """Follows the instructions of producers, of which each repeats those of the others.

    :param changed: called with whether the worker is disabled, when that changes.
    """

    def __init__(self, name: str, changed: Callable[[bool], None] = lambda _disabled: None) -> None:
        self._name = name
        self._changed = changed
        self._lock = threading.Lock()
        self.disabled = False

    def follow(self, instruction: Instruction) -> None:
        """Do what a producer says."""
        with self._lock:
            if instruction.disabled == self.disabled:
                return
            self.disabled = instruction.disabled
            if self.disabled:
                text = "worker %s is disabled: %s; it finishes its renders"
                LOG.warning(text, self._name, instruction.reason)
            else:
                LOG.info("worker %s is enabled", self._name)
            self._changed(self.disabled)
