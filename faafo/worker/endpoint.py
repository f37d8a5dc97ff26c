# SPDX-License-Identifier: Apache-2.0
"""The RPC endpoint of a worker: takes a slot, runs attempts in it, answers."""

import logging
import time
from collections.abc import Callable, Container
from contextlib import ExitStack
from functools import partial
from typing import Any, NoReturn

from faafo import errors
from faafo.fractal.kinds import KINDS, TaskKind
from faafo.fractal.task import FractalResult, parse_task
from faafo.rpc import contract, messages
from faafo.rpc.server import expected_exceptions
from faafo.worker.attempt import Renderer, earlier_tokens
from faafo.worker.cancellations import Cancellations
from faafo.worker.slots import Slots
from faafo.worker.standing import Standing

LOG = logging.getLogger(__name__)

Attempt = Callable[[], FractalResult | None]


class WorkerEndpoint:
    """The RPC methods of the topics of tasks.

    :param kinds: those that the worker serves: others are refused.
    """

    target = contract.TASKS_SERVED

    def __init__(
        self,
        instance_id: str,
        slots: Slots,
        renderer: Renderer,
        cancellations: Cancellations,
        standing: Standing | None = None,
        kinds: Container[TaskKind] = KINDS,
    ) -> None:
        self._kinds = kinds
        self._instance_id = instance_id
        self._standing = standing or Standing(instance_id)
        self._slots = slots
        self._renderer = renderer
        self._cancellations = cancellations

    @expected_exceptions(errors.FaafoError)
    def process(self, ctxt: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
        """Render ``task``, store the image and return the fields of a ``FractalResult``.

        If an earlier attempt has stored the image, it is not rendered again.

        :param ctxt: a ``TaskContext``. A call for an earlier process with the same name is refused,
            since its task may have killed that process.
        :raises faafo.errors.WorkerBusy: at once, when no slot is free, or it is of another kind.
        :raises faafo.errors.InvalidMessage: when ``ctxt`` is malformed.
        :raises faafo.errors.InvalidTask: when ``task`` is not valid.
        :raises faafo.errors.StoreUnavailable: when the image cannot be stored.
        :raises faafo.errors.ImageRefused: when the store does not take it, now or later.
        :raises faafo.errors.RenderCancelled: when it was cancelled, or the worker told to stop,
            before it was rendered and stored.
        :raises faafo.errors.RenderFailed: when anything else goes wrong.
        """
        context = messages.parse(messages.TaskContext, ctxt)
        self._check_instance(context.worker)
        parsed = parse_task(task)
        self._check_kind(parsed.kind)
        with (
            self._cancellations.listening(_key(context.producer, context, parsed.uuid)) as event,
            self._slots.occupy(context.producer, context.alone, event.is_set),
        ):
            result = self._renderer.run(parsed, context, event)
            self._renderer.sync()
            return result.model_dump()

    @expected_exceptions(errors.FaafoError)
    def process_all(
        self, ctxt: dict[str, Any], tasks: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Render tasks in their order in one slot; return the outcome of each, an ``Outcome``.

        Each image is stored before the next render begins. Once ``begin_within`` seconds have
        passed, or the worker drains or is disabled, no further one begins.

        :param ctxt: a ``BatchContext``.
        :param tasks: each a ``BatchEntry``; a malformed one has an error as its outcome.
        :raises faafo.errors.WorkerBusy: at once, when no slot is free.
        :raises faafo.errors.InvalidMessage: when ``ctxt`` is malformed.
        """
        context = messages.parse(messages.BatchContext, ctxt)
        self._check_instance(context.worker)
        deadline = time.monotonic() + context.begin_within
        outcomes: list[messages.Outcome] = []
        with ExitStack() as stack:
            attempts = [self._attempt(stack, context.producer, one) for one in tasks]
            stack.enter_context(self._slots.occupy(context.producer))
            for attempt in attempts:
                if outcomes and (time.monotonic() > deadline or self._slots.is_closed):
                    break
                outcomes.append(_outcome(attempt))
            outcomes = self._synced(outcomes)
        not_begun = [messages.Outcome()] * (len(tasks) - len(outcomes))
        return [one.model_dump() for one in outcomes + not_begun]

    @expected_exceptions(errors.FaafoError)
    def find_all(self, ctxt: dict[str, Any], tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return an ``Outcome`` for each task: its result if the image is stored, else none.

        An image is that of the attempt that a task names, or of one before it.

        :param tasks: each a ``BatchEntry``.
        """
        # The worker that has stored them may have been lost before it synced them.
        found = self._synced([_outcome(partial(self._find, one)) for one in tasks])
        return [one.model_dump() for one in found]

    def cancel(self, ctxt: dict[str, Any], uuid: str) -> None:
        """Cancel the render of the caller's attempt; no error when there is none."""
        context = messages.parse(messages.TaskContext, ctxt)
        if self._cancellations.cancel(_key(context.producer, context, uuid)):
            LOG.info("task %s is cancelled", uuid)

    def instruct(self, ctxt: dict[str, Any], disabled: bool, reason: str | None) -> None:
        """Take tasks and tiles no more, or again; renders under way end as they would.

        :param ctxt: members of an ``Instruction``, of which others may come later.
        """
        told = {"disabled": disabled, "reason": reason}
        instruction = messages.parse(messages.Instruction, ctxt | told)
        if instruction.worker in (None, self._instance_id):
            self._standing.follow(instruction)

    def _synced(self, outcomes: list[messages.Outcome]) -> list[messages.Outcome]:
        """Return outcomes once their images survive a power failure; errors if that fails."""
        try:
            self._renderer.sync()
        except errors.StoreUnavailable as error:
            problem = messages.Outcome(error=messages.Problem.of(error))
            return [problem if one.error is None else one for one in outcomes]
        return outcomes

    def _check_instance(self, instance_id: str | None) -> None:
        if instance_id not in (None, self._instance_id):
            raise errors.WorkerBusy("the call was made to an earlier process with this name")

    def _check_kind(self, kind: TaskKind) -> None:
        if kind not in self._kinds:
            raise errors.WorkerBusy(f"[worker] kinds: this worker serves no {kind}")

    def _attempt(self, stack: ExitStack, producer: str, document: Any) -> Attempt:
        """Return what renders one task of a batch; it can be cancelled from now on."""
        try:
            entry = messages.parse(messages.BatchEntry, document)
            task = parse_task(entry.task)
            self._check_kind(task.kind)
        except errors.FaafoError as error:
            return partial(_raise, error)
        key = _key(producer, entry, task.uuid)
        cancelled = stack.enter_context(self._cancellations.listening(key))
        return partial(self._renderer.run, task, entry, cancelled)

    def _find(self, document: Any) -> FractalResult | None:
        entry = messages.parse(messages.BatchEntry, document)
        tokens = [] if entry.token is None else [entry.token, *earlier_tokens(entry)]
        return self._renderer.find(parse_task(entry.task), tokens)


def _outcome(attempt: Attempt) -> messages.Outcome:
    try:
        return messages.Outcome(result=attempt())
    except errors.FaafoError as error:
        return messages.Outcome(error=messages.Problem.of(error))


def _raise(error: errors.FaafoError) -> NoReturn:
    raise error


def _key(producer: str, holder: messages.Holder, uuid: str) -> tuple[str, str, int | None, Any]:
    return uuid, producer, holder.attempt, holder.token
