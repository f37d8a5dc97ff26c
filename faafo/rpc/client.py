# SPDX-License-Identifier: Apache-2.0
"""The RPC client of a producer: calls workers to render, and casts cancellations to them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import oslo_messaging
from oslo_messaging.transport import RPCTransport
from pydantic import ValidationError

from faafo import errors
from faafo.correlation import UNKNOWN, Correlation
from faafo.fractal.drawing import without_defaults
from faafo.fractal.kinds import TaskKind
from faafo.fractal.lease import Lease
from faafo.fractal.settings import Settings
from faafo.fractal.task import FractalResult, FractalTask
from faafo.rpc import contract, messages
from faafo.rpc.versions import REPORTED, for_earlier, version_for, version_for_all

Outcome = FractalResult | errors.FaafoError | None


class LeasedTask(NamedTuple):
    """A task, the lease under which it is rendered, and what finds its log lines."""

    task: FractalTask
    lease: Lease
    correlation: Correlation = UNKNOWN

    def members(self) -> dict[str, Any]:
        """Return what a worker is told beside the task."""
        return _holder(self.lease) | self.correlation.members()


class WorkerClient:
    """Calls workers to render fractals, and casts cancellations to them.

    :param joins: to the broker of joins and films; None: the same one.
    """

    def __init__(
        self,
        transport: RPCTransport,
        producer: str,
        render_timeout: float,
        call_monitor_timeout: int,
        joins: RPCTransport | None = None,
    ) -> None:
        self._producer = producer
        self._render_timeout = render_timeout
        self._call_monitor_timeout = call_monitor_timeout
        timeouts = {"timeout": render_timeout, "call_monitor_timeout": call_monitor_timeout}
        self._of_kind = {
            kind: oslo_messaging.get_rpc_client(
                transport if kind is TaskKind.RENDER else joins or transport, target, **timeouts
            )
            for kind, target in contract.OF_KIND.items()
        }
        self._client = self._of_kind[TaskKind.RENDER]

    def process(
        self,
        task: FractalTask,
        lease: Lease,
        worker: str,
        instance_id: str | None = None,
        exclusive: bool = False,
        correlation: Correlation = UNKNOWN,
        has_topics: bool = False,
    ) -> FractalResult:
        """Return the result of ``task``, rendered by ``worker``; blocks until it is done.

        :param instance_id: of the worker, None if unknown; a worker with another one refuses.
        :param exclusive: whether the worker must render nothing else at the same time.
        :param has_topics: whether it listens on a topic for each kind of task.
        :raises faafo.errors.WorkerLost: when the worker sends no heartbeat for
            call_monitor_timeout seconds.
        :raises faafo.errors.RenderTimeout: when it sends heartbeats, but no result for
            render_timeout seconds.
        :raises faafo.errors.BrokerUnavailable: when the call cannot be made.
        :raises faafo.errors.FaafoError: any error that the worker raises, such as WorkerBusy.
        """
        context = self._context(lease) | _without_none(worker=instance_id) | {"alone": exclusive}
        context |= correlation.members()
        version = version_for(task)
        with self._translated(), _refused_if_too_old(version):
            client = self._of_kind[task.kind] if has_topics else self._client
            target = client.prepare(server=worker, version=version)
            told = without_defaults(task.model_dump() if has_topics else for_earlier(task))
            answer = target.call(context, "process", task=told)
            return FractalResult.model_validate(answer)

    def process_all(
        self,
        leased: Sequence[LeasedTask],
        worker: str,
        instance_id: str | None,
        begin_within: float,
    ) -> list[Outcome]:
        """Return the outcomes of tasks that ``worker`` renders in their order in one slot.

        An outcome is a result, an error, or None for a task that has not begun.

        :param begin_within: seconds after which the worker begins no further task.
        :raises faafo.errors.FaafoError: what ``process`` raises.
        """
        context = {"producer": self._producer, "begin_within": begin_within}
        return self._call_all(
            "process_all", leased, worker, context | _without_none(worker=instance_id)
        )

    def find_all(self, leased: Sequence[LeasedTask], worker: str) -> list[Outcome]:
        """Return the results of those tasks whose images are stored, None for each other one.

        ``worker`` looks for them; it need not be the one that was called to render them.

        :raises faafo.errors.FaafoError: what ``process`` raises.
        """
        return self._call_all("find_all", leased, worker, {"producer": self._producer})

    def _call_all(
        self, method: str, leased: Sequence[LeasedTask], worker: str, context: dict[str, Any]
    ) -> list[Outcome]:
        tasks = [
            one.members() | {"task": without_defaults(one.task.model_dump())} for one in leased
        ]
        version = version_for_all([one.task for one in leased])
        with self._translated(), _refused_if_too_old(version):
            target = self._client.prepare(server=worker, version=version)
            answer = target.call(context, method, tasks=tasks)
            if not isinstance(answer, list) or len(answer) != len(leased):
                raise errors.RenderFailed(
                    f"the answer of the worker is not a list of {len(leased)} outcomes"
                )
            return [_outcome(one) for one in answer]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise the errors of a call in this block as those that ``process`` names."""
        called_at = time.monotonic()
        try:
            yield
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
        context = self._context(lease)
        self._cast(worker, contract.CANCEL_VERSION, context, "cancel", uuid=lease.uuid)

    def instruct(
        self, worker: str, instance_id: str | None, disabled: bool, reason: str | None
    ) -> None:
        """Cast to ``worker`` whether it is disabled; the worker may have stopped.

        :raises faafo.errors.BrokerUnavailable: when the cast cannot be made.
        """
        context = {"producer": self._producer} | _without_none(worker=instance_id)
        told = {"disabled": disabled, "reason": reason}
        self._cast(worker, contract.INSTRUCT_VERSION, context, "instruct", **told)

    def configure(self, worker: str, settings: Settings) -> None:
        """Cast the settings to ``worker``, which may have stopped.

        :raises faafo.errors.BrokerUnavailable: when the cast cannot be made.
        """
        version, values = settings
        told = {"version": version, "settings": dict(values)}
        context = {"producer": self._producer}
        self._cast(worker, contract.INSTRUCT_VERSION, context, "configure", **told)

    def _cast(
        self, worker: str, least: str, context: dict[str, Any], method: str, **arguments: Any
    ) -> None:
        target = self._client.prepare(server=worker, version=least, retry=1)
        try:
            target.cast(context, method, **arguments)
        # As above: any error of a driver or its library is about the broker.
        except Exception as error:
            raise errors.BrokerUnavailable(f"the cast could not be made: {error}") from None

    def _context(self, lease: Lease) -> dict[str, Any]:
        return {"producer": self._producer, **_holder(lease)}

    def _timed_out(self, seconds: float) -> errors.FaafoError:
        """Return the error for that of the two timeouts which has ended a call after ``seconds``.

        oslo.messaging raises the same for both.
        """
        if seconds < self._render_timeout:
            return errors.WorkerLost(
                f"no heartbeat for {self._call_monitor_timeout} s (call_monitor_timeout)"
            )
        return errors.RenderTimeout(f"no result within {self._render_timeout:g} s (render_timeout)")


@contextmanager
def _refused_if_too_old(version: str) -> Iterator[None]:
    """Raise WorkerBusy for a worker that an older version has replaced under the same name.

    Of the versions before batches no worker reports what it knows: there the error stays.
    """
    try:
        yield
    except oslo_messaging.RemoteError as error:
        if error.exc_type == contract.TOO_OLD and version in REPORTED:
            raise errors.WorkerBusy(f"the worker is too old: {error.value}") from None
        raise


def _outcome(answer: Any) -> Outcome:
    """Return the outcome of one task of a batch; a malformed one is the error of that task."""
    try:
        return messages.parse(messages.Outcome, answer).value
    except errors.InvalidMessage as error:
        return errors.FaafoError(f"the answer of the worker is not an outcome: {error}")


def _holder(lease: Lease) -> dict[str, Any]:
    return {"attempt": lease.attempt} | _without_none(token=lease.token)


def _without_none(**members: str | None) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}
