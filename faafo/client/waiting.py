# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client that wait for the end of fractals."""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence

from faafo import errors
from faafo.client.reading import ReadCalls
from faafo.client.results import Fractal
from faafo.retry import with_backoff

# In seconds.
WAIT_TIMEOUT = 600.0
# How long the service is asked to wait for a single fractal; callers show progress meanwhile.
WAIT_SECONDS = 2
# Pauses between two questions whether fractals have ended, in seconds: short renders are noticed
# soon, long ones cost the API little.
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
PAUSE_GROWTH = 1.5


class WaitCalls(ReadCalls):
    """Base class of ``Client``."""

    def wait(
        self,
        fractal: Fractal | str,
        timeout: float = WAIT_TIMEOUT,
        on_answer: Callable[[Collection[Fractal]], object] | None = None,
    ) -> Fractal:
        """Return the record of a fractal once it is complete.

        Meanwhile the API may be unavailable: then it is asked again, with backoff.

        :param fractal: its record, or its uuid.
        :param timeout: in seconds.
        :param on_answer: is called with the record each time that the API has been asked.
        :raises faafo.errors.FractalFailed: when it ends in error.
        :raises faafo.errors.WaitTimeout: when it does not end in time.
        """
        (ended,) = self.wait_all([fractal], timeout, on_answer)
        if not ended.has_ended:
            raise errors.WaitTimeout(
                f"fractal {ended.uuid} is still {ended.status} after {timeout:g} seconds"
            )
        if not ended.is_complete:
            raise errors.FractalFailed(f"fractal {ended.uuid} is in error: {ended.fault}")
        return ended

    def wait_all(
        self,
        fractals: Sequence[Fractal | str],
        timeout: float = WAIT_TIMEOUT,
        on_answer: Callable[[Collection[Fractal]], object] | None = None,
    ) -> list[Fractal]:
        """Wait until each fractal is complete or in error; return their records as they are then.

        :param fractals: records or uuids. The API must be there to be asked for uuids.
        :param timeout: in seconds; when it is over, some of the records may not have ended.
        :param on_answer: is called with all records each time that the API has been asked.
        """
        deadline = time.monotonic() + timeout
        pauses, never, can_wait = _pauses(), threading.Event(), True
        asked = [one for one in fractals if isinstance(one, str)]
        records = {one.uuid: one for one in fractals if isinstance(one, Fractal)}
        records |= self._require_all(asked) if asked else {}
        while True:
            if on_answer is not None:
                on_answer(records.values())
            unfinished = [one.uuid for one in records.values() if not one.has_ended]
            remaining = deadline - time.monotonic()
            if not unfinished or remaining <= 0:
                uuids = (one if isinstance(one, str) else one.uuid for one in fractals)
                return [records[uuid] for uuid in uuids]
            if len(unfinished) == 1 and remaining >= WAIT_SECONDS and can_wait:
                # Answered as soon as it has ended; an older service answers at once.
                retrying = with_backoff(errors.ApiUnavailable, never, remaining)
                ended, can_wait = retrying(self._ended, unfinished[0])
                records[ended.uuid] = ended
                continue
            never.wait(min(next(pauses), remaining))
            left = max(0.0, deadline - time.monotonic())
            retrying = with_backoff(errors.ApiUnavailable, never, left)
            records |= retrying(self._require_all, unfinished)

    def _ended(self, uuid: str) -> tuple[Fractal, bool]:
        """Return a record once it has ended or WAIT_SECONDS are over; False: it did not wait."""
        headers = {"Prefer": f"wait={WAIT_SECONDS}"}
        answer, sent = self._session.answer("GET", f"/api/fractal/{uuid}", headers)
        return self._fractal(answer), "Preference-Applied" in sent

    def _require_all(self, uuids: Sequence[str]) -> dict[str, Fractal]:
        if len(uuids) == 1:
            return {uuids[0]: self.get(uuids[0])}
        found = self.get_all(uuids)
        for uuid in uuids:
            if uuid not in found:
                raise errors.ApiRefused(f"there is no fractal {uuid}", 404)
        return {uuid: found[uuid] for uuid in uuids}


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(LONGEST_PAUSE, PAUSE_GROWTH * pause)
