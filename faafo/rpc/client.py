# SPDX-License-Identifier: Apache-2.0
"""The RPC clients: calls of a producer to workers, reports of a worker to producers."""

import logging
import time
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
# The exchange exists while a producer runs. A report that finds no exchange is no error, though the
# driver logs one.
NO_PRODUCERS = f"no exchange '{contract.PRODUCERS_TOPIC}_fanout'"


class WorkerClient:
    """Calls workers to render fractals, and casts cancellations to them."""

    def __init__(
        self,
        transport: RPCTransport,
        producer: str,
        render_timeout: float,
        call_monitor_timeout: int,
    ) -> None:
        self._producer = producer
        self._render_timeout = render_timeout
        self._call_monitor_timeout = call_monitor_timeout
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
        instance_id: str | None = None,
        exclusive: bool = False,
    ) -> FractalResult:
        """Return the result of ``task``, rendered by ``worker``; blocks until it is done.

        :param instance_id: of the worker, None if unknown; a worker with another one refuses.
        :param exclusive: whether the worker must render nothing else at the same time.
        :raises faafo.errors.WorkerLost: when the worker sends no heartbeat for
            call_monitor_timeout seconds.
        :raises faafo.errors.RenderTimeout: when it sends heartbeats, but no result for
            render_timeout seconds.
        :raises faafo.errors.BrokerUnavailable: when the call cannot be made.
        :raises faafo.errors.FaafoError: any error that the worker raises, such as WorkerBusy.
        """
        called_at = time.monotonic()
        try:
            target = self._client.prepare(server=worker, version=_version_for(task))
            answer = target.call(
                self._context(lease) | _without_none(worker=instance_id) | {"alone": exclusive},
                "process",
                task=task.model_dump(),
            )
            return FractalResult.model_validate(answer)
        except errors.FaafoError:
            raise
        except ValidationError as error:
            raise errors.FaafoError(f"the answer of the worker is not a result: {error}") from None
        except oslo_messaging.MessagingTimeout:
            raise self._timed_out(time.monotonic() - called_at) from None
        except oslo_messaging.RemoteError as error:
            if error.exc_type == contract.TOO_OLD:
                raise errors.RenderFailed(f"the worker is too old: {error.value}") from None
            raise errors.RenderFailed(f"{error.exc_type}: {error.value}") from None
        # Built-in exceptions travel as well; anything else that a driver or its library raises is
        # about the broker.
        except Exception as error:
            if type(error).__name__.endswith(contract.REMOTE_POSTFIX):
                raise errors.RenderFailed(str(error).splitlines()[0]) from None
            raise errors.BrokerUnavailable(f"the call could not be made: {error}") from None

    def cancel(self, lease: Lease, worker: str) -> None:
        """Cast to ``worker`` to cancel the render of this lease; the worker may have stopped.

        :raises faafo.errors.BrokerUnavailable: when the cast cannot be made.
        """
        target = self._client.prepare(server=worker, version=contract.CANCEL_VERSION, retry=1)
        try:
            target.cast(self._context(lease), "cancel", uuid=lease.uuid)
        # As above: any error of a driver or its library is about the broker.
        except Exception as error:
            raise errors.BrokerUnavailable(f"the cast could not be made: {error}") from None

    def _context(self, lease: Lease) -> dict[str, Any]:
        return {"producer": self._producer, "attempt": lease.attempt} | _without_none(
            token=lease.token
        )

    def _timed_out(self, seconds: float) -> errors.FaafoError:
        """Return the error for that of the two timeouts which has ended a call after ``seconds``.

        oslo.messaging raises the same for both.
        """
        if seconds < self._render_timeout:
            return errors.WorkerLost(
                f"no heartbeat for {self._call_monitor_timeout} s (call_monitor_timeout)"
            )
        return errors.RenderTimeout(f"no result within {self._render_timeout:g} s (render_timeout)")


class ReportClient:
    """Casts the reports of a worker to all producers."""

    def __init__(
        self, transport: RPCTransport, worker: str, instance_id: str, version: str
    ) -> None:
        self._worker = worker
        self._instance_id = instance_id
        self._version = version
        self._client = oslo_messaging.get_rpc_client(transport, contract.PRODUCERS, retry=1)
        self._failing = False
        logging.getLogger(DRIVER_LOGGER).addFilter(_is_not_about_absent_producers)

    def report(self, slots: int, busy_for: dict[str, int], rows_done: dict[str, int]) -> None:
        """Report the number of slots, the busy ones by producer, and the rendered rows by uuid.

        A report that cannot be sent is dropped, since the next one replaces it. Only the first of
        several failures in a row is logged.
        """
        try:
            self._client.prepare(fanout=True).cast(
                {"worker": self._instance_id, "rows_done": rows_done},
                "report",
                server=self._worker,
                slots=slots,
                busy=sum(busy_for.values()),
                busy_for=busy_for,
                version=self._version,
            )
            self._failing = False
        # Whatever a driver or its library raises, the next report may succeed.
        except Exception as error:
            if not self._failing and NO_PRODUCERS not in str(error):
                LOG.warning("could not send the report to the producers: %s", error)
            self._failing = True


def _version_for(task: FractalTask) -> str:
    """Return the RPC version that a worker must serve: an older one would ignore the palette."""
    return contract.VERSION if task.palette == DEFAULT else contract.PALETTE_VERSION


def _without_none(**members: str | None) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}


def _is_not_about_absent_producers(record: logging.LogRecord) -> bool:
    return NO_PRODUCERS not in record.getMessage()
