# SPDX-License-Identifier: Apache-2.0
"""The calls and casts that producers and workers make."""

import logging
from typing import Any

import oslo_messaging
from oslo_messaging.transport import RPCTransport
from pydantic import ValidationError

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.fractal.palette import DEFAULT
from faafo.fractal.task import FractalResult, FractalTask
from faafo.rpc import contract

LOG = logging.getLogger(__name__)

DRIVER_LOGGER = "oslo.messaging._drivers.impl_rabbit"
# The exchange is there while a producer is. That there is none is no error of a worker, whatever
# the driver says.
NOBODY_LISTENS = f"no exchange '{contract.PRODUCERS_TOPIC}_fanout'"


class WorkerClient:
    """Has fractals rendered by workers."""

    def __init__(
        self,
        transport: RPCTransport,
        producer: str,
        render_timeout: float,
        call_monitor_timeout: int,
    ) -> None:
        self._producer = producer
        self._client = oslo_messaging.get_rpc_client(
            transport,
            contract.TASKS,
            timeout=render_timeout,
            call_monitor_timeout=call_monitor_timeout,
        )

    def process(
        self,
        task: FractalTask,
        lease: Lease,
        worker: str,
        identity: str | None = None,
        alone: bool = False,
    ) -> FractalResult:
        """Return the result of ``task``, rendered by ``worker``, however long that takes.

        :param identity: which of the processes that have had the worker's name is meant, if known.
        :param alone: whether the worker is to render nothing else at the same time.
        :raises faafo.errors.WorkerLost: when the worker falls silent.
        :raises faafo.errors.BrokerUnavailable: when the call cannot be made.
        :raises faafo.errors.FaafoError: whatever the worker raises, WorkerBusy for one.
        """
        try:
            target = self._client.prepare(server=worker, version=_version_for(task))
            answer = target.call(
                self._context(lease) | _told(worker=identity) | {"alone": alone},
                "process",
                task=task.model_dump(),
            )
            return FractalResult.model_validate(answer)
        except errors.FaafoError:
            raise
        except ValidationError as error:
            raise errors.FaafoError(f"its answer is no result: {error}") from None
        except oslo_messaging.MessagingTimeout:
            raise errors.WorkerLost("it fell silent") from None
        except oslo_messaging.UnsupportedVersion as error:
            raise errors.RenderFailed(f"the worker is too old: {error}") from None
        except oslo_messaging.RemoteError as error:
            raise errors.RenderFailed(f"{error.exc_type}: {error.value}") from None
        # Errors of the language travel as well; whatever else a driver or its library raises is
        # about the broker.
        except Exception as error:
            if type(error).__name__.endswith(contract.REMOTE_POSTFIX):
                raise errors.RenderFailed(str(error).splitlines()[0]) from None
            raise errors.BrokerUnavailable(f"the call could not be made: {error}") from None

    def cancel(self, lease: Lease, worker: str) -> None:
        """Tell ``worker`` to stop what it renders on this lease; it need not be there.

        :raises faafo.errors.BrokerUnavailable: when that cannot be told.
        """
        target = self._client.prepare(server=worker, version=contract.CANCEL_VERSION, retry=1)
        try:
            target.cast(self._context(lease), "cancel", uuid=lease.uuid)
        # As above: whatever a driver or its library raises is about the broker.
        except Exception as error:
            raise errors.BrokerUnavailable(f"the cast could not be made: {error}") from None

    def _context(self, lease: Lease) -> dict[str, Any]:
        return {"producer": self._producer, "attempt": lease.attempt}


class ReportClient:
    """Tells all producers how a worker is."""

    def __init__(self, transport: RPCTransport, worker: str, identity: str, version: str) -> None:
        self._worker = worker
        self._identity = identity
        self._version = version
        self._client = oslo_messaging.get_rpc_client(transport, contract.PRODUCERS, retry=1)
        self._failing = False
        logging.getLogger(DRIVER_LOGGER).addFilter(_is_not_about_absent_producers)

    def report(self, slots: int, busy_for: dict[str, int], rows_done: dict[str, int]) -> None:
        """Report the number of slots, how many of them are busy for which producer, and progress.

        A report that cannot be sent is forgotten: the next one says more. Only the first of
        several in a row is logged.
        """
        try:
            self._client.prepare(fanout=True).cast(
                {"worker": self._identity, "rows_done": rows_done},
                "report",
                server=self._worker,
                slots=slots,
                busy=sum(busy_for.values()),
                busy_for=busy_for,
                version=self._version,
            )
            self._failing = False
        # Whatever a driver or its library raises, the next report may get through.
        except Exception as error:
            if not self._failing and NOBODY_LISTENS not in str(error):
                LOG.warning("could not report to the producers: %s", error)
            self._failing = True


def _version_for(task: FractalTask) -> str:
    """Return the version a worker must have; an older one would use other colours than meant."""
    return contract.VERSION if task.palette == DEFAULT else contract.PALETTE_VERSION


def _told(**facts: str | None) -> dict[str, str]:
    return {name: fact for name, fact in facts.items() if fact is not None}


def _is_not_about_absent_producers(record: logging.LogRecord) -> bool:
    return NOBODY_LISTENS not in record.getMessage()
