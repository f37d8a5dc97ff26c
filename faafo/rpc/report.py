# SPDX-License-Identifier: Apache-2.0
"""The RPC client of a worker: casts its reports to all producers."""

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import oslo_messaging
from oslo_messaging.transport import RPCTransport

from faafo.fractal.drawing import PARAMETER_VERSION
from faafo.fractal.kinds import FIRST, Ability
from faafo.outage import Outage
from faafo.rpc import contract

LOG = logging.getLogger(__name__)

NOTHING: Mapping[str, Any] = MappingProxyType({})
DRIVER_LOGGER = "oslo.messaging._drivers.impl_rabbit"
# The exchange exists while a producer runs. A report that finds no exchange is no error, though the
# driver logs one.
NO_PRODUCERS = f"no exchange '{contract.PRODUCERS_TOPIC}_fanout'"


class ReportClient:
    """Casts the reports of a worker to all producers.

    :param takes_batches: whether the worker serves ``process_all`` and ``find_all``.
    :param ability: returns what the worker serves now.
    :param settings: returns the number of changes of settings that the worker knows, None if it
        does not serve ``configure``.
    :param parameters: the latest version of the drawing parameters that the worker knows.
    """

    def __init__(
        self,
        transport: RPCTransport,
        worker: str,
        instance_id: str,
        version: str,
        takes_batches: bool,
        ability: Callable[[], Ability],
        settings: Callable[[], int | None] = lambda: None,
        parameters: int = PARAMETER_VERSION,
    ) -> None:
        self._parameters = parameters
        self._ability = ability
        self._settings = settings
        self._takes_batches = takes_batches
        self._worker = worker
        self._instance_id = instance_id
        self._version = version
        self._client = oslo_messaging.get_rpc_client(transport, contract.PRODUCERS, retry=1)
        self._outage = Outage(LOG)
        logging.getLogger(DRIVER_LOGGER).addFilter(_is_not_about_absent_producers)

    def report(
        self,
        slots: int,
        busy_for: dict[str, int],
        rows_done: dict[str, int],
        shown: Mapping[str, Any] = NOTHING,
    ) -> None:
        """Report the number of slots, the busy ones by producer, and the rendered rows by uuid.

        :param shown: further members of the ctxt, for the registry of services.

        A report that cannot be sent is dropped, since the next one replaces it. Only the first of
        several failures in a row is logged.
        """
        ability = self._ability()
        try:
            self._client.prepare(fanout=True).cast(
                {
                    **shown,
                    "worker": self._instance_id,
                    "rows_done": rows_done,
                    "takes_batches": self._takes_batches,
                    "settings": self._settings(),
                    "parameters": self._parameters,
                    "kinds": sorted(ability.kinds),
                    "labels": sorted(ability.labels),
                    "all_slots": slots,
                },
                "report",
                server=self._worker,
                # Whoever knows no kinds takes it for one that serves the first ones.
                slots=slots if ability.kinds >= FIRST.kinds else 0,
                busy=sum(busy_for.values()),
                busy_for=busy_for,
                version=self._version,
            )
            self._outage.succeeded()
        # Whatever a driver or its library raises, the next report may succeed.
        except Exception as error:
            level = logging.DEBUG if NO_PRODUCERS in str(error) else logging.WARNING
            text = "could not send the report to the producers: %s"
            self._outage.failed(text, error, level=level)


def _is_not_about_absent_producers(record: logging.LogRecord) -> bool:
    return NO_PRODUCERS not in record.getMessage()
