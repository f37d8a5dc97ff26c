# SPDX-License-Identifier: Apache-2.0
"""The standing of a producer and of its workers: what an operator has disabled."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from faafo import errors
from faafo.producer.registry import WorkerRegistry
from faafo.rpc.client import WorkerClient

LOG = logging.getLogger(__name__)


class Standing:
    """Follows the answers of the API, and has workers follow them.

    A worker is instructed only after an answer to a heartbeat, and only if its report says
    otherwise: so producers that hear of a change at different times do not contradict each other.

    :param changed: called when this producer is disabled or enabled.
    """

    def __init__(
        self,
        name: str,
        registry: WorkerRegistry,
        workers: WorkerClient,
        changed: Callable[[], None],
    ) -> None:
        self._name = name
        self._registry = registry
        self._workers = workers
        self._changed = changed
        self._disabled = False

    def is_disabled(self) -> bool:
        """Tell whether this producer is to claim and generate nothing."""
        return self._disabled

    def follow(self, answer: Mapping[str, Any]) -> None:
        """Do what the answer to a heartbeat says."""
        self._set_disabled(answer["disabled"], answer.get("reason"))
        disabled = answer["disabled_workers"]
        self._registry.disable(disabled)
        for worker, instance_id in self._registry.contradicting():
            try:
                reason = disabled.get(worker)
                self._workers.instruct(worker, instance_id, worker in disabled, reason)
            except errors.BrokerUnavailable as error:
                LOG.warning("could not instruct worker %s: %s", worker, error)

    def _set_disabled(self, disabled: bool, reason: str | None) -> None:
        if disabled == self._disabled:
            return
        self._disabled = disabled
        if disabled:
            LOG.warning("producer %s is disabled: %s; it claims nothing", self._name, reason)
        else:
            LOG.info("producer %s is enabled", self._name)
        self._changed()
