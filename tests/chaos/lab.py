# SPDX-License-Identifier: Apache-2.0
"""The laboratory: servers that may be killed, and how a row of the report is played in it."""

import contextlib
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.chaos.ledger import Ledger, Verdict, random_tasks
from tests.chaos.site import REST_SECONDS, Site, pause
from tests.functional.databases import DatabaseServer
from tests.functional.galera import GaleraCluster
from tests.functional.processes import wait_until
from tests.functional.servers import RabbitMQ

RECOVERY_SECONDS = 120.0
# How long a fault waits for something to disturb.
BUSY_SECONDS = 3.0
# Characters of the log of an API that has answered 500.
TRACEBACK_LENGTH = 6000


@dataclass(frozen=True)
class Scale:
    """How large a run is: fractals, the seconds they are posted in, faults, lengths of faults.

    ``cuts`` are the seconds that links are cut for, ``away`` those that a server stays away.
    """

    count: int
    seconds: float
    faults: int
    cuts: tuple[float, ...]
    away: float
    database_away: float
    full: bool


FULL = Scale(200, 20.0, 5, (5.0, 60.0), 30.0, 20.0, full=True)
SHORT = Scale(30, 4.0, 2, (2.0,), 5.0, 4.0, full=False)


@dataclass
class Line:
    """A row of the report."""

    faults: int
    verdict: Verdict
    rendered_twice: int
    allowed: int
    recovered: float | None
    errors_expected: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """What must not be: empty for a row that keeps the promise."""
        verdict = self.verdict
        counted = {
            "lost": verdict.lost,
            "stuck": verdict.stuck,
            "with a wrong checksum": verdict.wrong_checksum,
            "duplicate": verdict.duplicate,
            "counters that are wrong": verdict.miscounted,
            "not acknowledged": verdict.attempted - verdict.acknowledged,
            "rendered twice beyond the bound": max(0, self.rendered_twice - self.allowed),
            "more or less in error than expected": abs(verdict.error - self.errors_expected),
        }
        found = [f"{number} {what}" for what, number in counted.items() if number]
        if self.recovered is None:
            found.append("did not recover")
        return found + self.problems


class Lab:
    """Keeps a broker and a database server, and gives each row its own part of them.

    :param login: whether everybody at its sites logs in.
    """

    def __init__(
        self,
        directory: Path,
        rabbitmq: RabbitMQ,
        database: DatabaseServer | GaleraCluster,
        login: bool = False,
    ) -> None:
        self.directory = directory
        self.rabbitmq = rabbitmq
        self.database = database
        self.login = login

    @contextlib.contextmanager
    def site(
        self, settings: dict[str, dict[str, Any]] | None = None, sqlite: bool = False
    ) -> Iterator[Site]:
        """Give a site that has no service yet; what is left of it is ended with the block."""
        with (
            tempfile.TemporaryDirectory(dir=self.directory) as directory,
            _sqlite(directory) if sqlite else self.database.database() as database_url,
            Site(
                Path(directory), database_url, self.rabbitmq.virtual_host(), settings, self.login
            ) as site,
        ):
            yield site


@contextlib.contextmanager
def _sqlite(directory: str) -> Iterator[str]:
    """Give the URL of a database in a file."""
    yield f"sqlite:///{directory}/faafo.sqlite"


Fault = Callable[[], None]


def play(
    site: Site,
    rng: Random,
    scale: Scale,
    faults: Sequence[Fault],
    allowed_each: int,
    watch: Callable[[Ledger], list[str]] = lambda _ledger: [],
    lasting: float = 0.0,
    ledger: Ledger | None = None,
) -> Line:
    """Post fractals, inject ``faults`` at random moments meanwhile, and count.

    :param allowed_each: how many renders one fault may waste: the slots whose work it can orphan.
    :param watch: returns what else must not be, given the client's own observations.
    :param lasting: the seconds that all faults take together; there is posting all the time.
    """
    tasks = random_tasks(rng, scale.count)
    seconds = scale.seconds + lasting
    moments = sorted(rng.uniform(0.1, 0.9) * scale.seconds for _ in faults)
    planned = ", ".join(f"{m:.1f} s {_name_of(f)}" for m, f in zip(moments, faults, strict=True))
    tell("posting %d fractals in %.0f s; planned: %s", len(tasks), seconds, planned)
    ledger = ledger or site.ledger()
    posting = threading.Thread(target=ledger.post_all, args=(tasks, seconds))
    posting.start()
    try:
        _inject(site, moments, faults)
        recovered = time_to_recover(site, scale.count)
    except BaseException:
        # Without services it would go on until its patience is at an end.
        ledger.stop()
        raise
    finally:
        posting.join()
    verdict = site.settle(ledger, REST_SECONDS * max(1.0, scale.count / FULL.count))
    problems = watch(ledger) + site.dead()
    if ledger.statuses[500]:
        problems.append(f"{ledger.statuses[500]} answers of 500")
        for api in site.of("api"):
            tell("%s", api.service.output().partition("Traceback")[2][:TRACEBACK_LENGTH])
    if ledger.without_retry_after:
        problems.append(f"{ledger.without_retry_after} answers of 429 or 503 without Retry-After")
    tell("answers %s, the slowest POST %.2f s", dict(ledger.statuses), ledger.slowest_post)
    return Line(
        len(faults),
        verdict,
        site.rendered_twice(),
        allowed_each * len(faults),
        recovered,
        problems=problems,
    )


def _inject(site: Site, moments: Sequence[float], faults: Sequence[Fault]) -> None:
    """Do to ``site`` what is planned; moments are of the time in which nothing is wrong."""
    begun_at = due_at = time.monotonic()
    for before, moment, fault in zip([0.0, *moments], moments, faults, strict=False):
        due_at += moment - before
        pause(max(0.0, due_at - time.monotonic()))
        hit = _wait_for_renders(site)
        tell("%.1f s: %s, %d rendering", time.monotonic() - begun_at, _name_of(fault), hit)
        fault()
        due_at = max(due_at, time.monotonic())


def _wait_for_renders(site: Site) -> int:
    """Return how many fractals are being rendered, soon after some are: idleness is no test."""
    with contextlib.suppress(AssertionError):
        return wait_until(lambda: max(0, site.count("rendering")), "a render", BUSY_SECONDS)
    return 0


def tell(sentence: str, *values: Any) -> None:
    """Show progress."""
    print(f"    {sentence % values}", file=sys.stderr, flush=True)


def _name_of(fault: Fault) -> str:
    """Return what is done, and to whom."""
    target = getattr(getattr(fault, "__self__", None), "name", "")
    return f"{getattr(fault, '__name__', 'post')} {target}".strip()


def time_to_recover(site: Site, total: int) -> float | None:
    """Return the seconds until something more is complete, None when nothing comes."""
    begun_at = time.monotonic()
    before = site.count("complete", "error")

    def goes_on() -> bool:
        now = site.count("complete", "error")
        return now == total or now > max(before, 0)

    with contextlib.suppress(AssertionError):
        wait_until(goes_on, "something to complete", RECOVERY_SECONDS)
        return time.monotonic() - begun_at
    return None
