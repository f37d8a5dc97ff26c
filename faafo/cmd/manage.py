# SPDX-License-Identifier: Apache-2.0
"""``faafo-manage``: administration of the database, fractals and the image store."""

import argparse
import math
import stat
import sys
import time
import uuid as uuidlib
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from oslo_config import cfg

from faafo import errors, process
from faafo.cmd import maintenance, usage
from faafo.cmd.administration import noun, open_database, open_session, verb
from faafo.core.limits import Limits
from faafo.core.rebuild import rebuild as rebuild_states
from faafo.db import joins, outcomes, posting, schema
from faafo.fractal.embedded import extract
from faafo.fractal.generate import with_constant
from faafo.fractal.media import FILMS
from faafo.fractal.parts import divided
from faafo.recent.server import RecentJobs
from faafo.store.base import ImageStore
from faafo.store.factory import open_store

# Seconds for a connection to Redis, and for an answer.
REDIS_TIMEOUT = 5.0
# Seconds between two lines of a rebuild.
SHOW_SECONDS = 2.0
# Images that are looked up in the database at once.
BATCH = 500
Orphans = Callable[[list[tuple[str, str | None]]], list[tuple[str, str | None]]]


def main() -> int:
    """Run one administrative command; return the exit status."""
    if sys.argv[1:] in (["-h"], ["--help"]):
        usage.show("faafo-manage", _add_commands)
        return 0
    return process.run(manage)


def manage(stop: process.Stop) -> int | None:
    """Run the verb of the command line; return the exit status if it is not 0."""
    cfg.CONF.register_cli_opt(cfg.SubCommandOpt("command", title="commands", handler=_add_commands))
    conf = process.prepare_service(
        "faafo-manage", config_files=cfg.find_config_files("faafo", "api")
    )
    # A migration is not cut short by the first signal.
    stop.listen(lambda: math.inf)
    return conf.command.act(conf, stop)


def _add_commands(commands: Any) -> None:
    db = noun(commands, "db", "the database")
    verb(db, "upgrade", upgrade, "bring the schema up to date")
    verb(db, "version", show_version, "show the schema's revision and the one that faafo needs")
    fractal = noun(commands, "fractal", "fractals")
    again = verb(fractal, "retry", retry, "queue fractals again that are in error")
    again.add_argument("uuid", nargs="*", help="which")
    again.add_argument("--all-errors", action="store_true", help="all that have the status error")
    read = verb(fractal, "from-png", from_png, "queue the fractal of a downloaded PNG file")
    read.add_argument("file", type=Path, help="a file downloaded from the page of a fractal")
    store = noun(commands, "store", "the image store")
    tidy = verb(store, "sweep", sweep, "remove images without a record, and half-written files")
    tidy.add_argument(
        "--older-than",
        type=_seconds,
        default=3600.0,
        metavar="SECONDS",
        help="keep files that are younger (default: %(default)g)",
    )
    tidy.add_argument("--dry-run", action="store_true", help="show them only")

    maintenance.add_commands(commands)
    reader = noun(commands, "reader", "the states of recent jobs in Redis")
    verb(reader, "rebuild", rebuild, "write the states of recent jobs to Redis anew")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds from 0, not {text}")
    return seconds


def upgrade(conf: cfg.ConfigOpts, stop: process.Stop) -> None:
    """Bring the schema up to date."""
    with open_database(conf) as opened:
        schema.upgrade(opened, stop.requested)
    print(f"the database schema is at revision {schema.head()}")


def show_version(conf: cfg.ConfigOpts, _stop: process.Stop) -> None:
    """Show which revision the schema has.

    :raises faafo.errors.DatabaseBehind: when it is not the one that faafo needs.
    """
    with open_database(conf) as opened:
        print(f"found {schema.current(opened)}, needed {schema.head()}")
        schema.check(opened)


def retry(conf: cfg.ConfigOpts, _stop: process.Stop) -> int:
    """Queue fractals in error again; return 1 when one could not be queued."""
    command = conf.command
    if bool(command.uuid) == command.all_errors:
        raise errors.ConfigurationError("fractal retry: give either uuids or --all-errors")
    with open_session(conf) as session:
        if command.all_errors:
            print(f"queued {outcomes.retry_all_errors(session)} fractal(s) again")
            return 0
        refused = 0
        for uuid in command.uuid:
            try:
                outcomes.retry(session, uuid)
                print(f"queued fractal {uuid} again")
            except (errors.FractalNotFound, errors.NothingToRetry) as error:
                refused += 1
                print(error, file=sys.stderr)
        return 1 if refused else 0


def from_png(conf: cfg.ConfigOpts, _stop: process.Stop) -> None:
    """Queue the fractal of a PNG file, under a new uuid if its own is taken.

    :raises faafo.errors.InvalidTask: when there is no fractal in it.
    :raises faafo.errors.LimitExceeded: when the API would refuse it, too.
    """
    path = conf.command.file
    try:
        task = extract(_beginning(path, conf.api.max_image_size))
    except OSError as error:
        raise errors.InvalidTask(f"{path}: {error.strerror}") from None
    except errors.InvalidTask as error:
        raise errors.InvalidTask(f"{path}: {error}") from None
    with open_session(conf) as session:
        parts = Limits(conf, session).parts(task, None)
        if posting.existing(session, [task.uuid]):
            other = str(uuidlib.uuid4())
            print(f"fractal {task.uuid} exists already: the copy gets a new uuid")
            task = task.model_copy(update={"uuid": other})
        bands = divided(task.height, parts) if parts else []
        print(f"queued fractal {posting.post(session, with_constant(task), bands=bands)['uuid']}")


def _beginning(path: Path, count: int) -> bytes:
    """Return the first ``count`` bytes of a file: the parameters come before the picture.

    :raises faafo.errors.InvalidTask: when it is a device or a pipe, which may never end.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise errors.InvalidTask("this is no regular file")
    with path.open("rb") as file:
        return file.read(count)


def sweep(conf: cfg.ConfigOpts, stop: process.Stop) -> None:
    """Remove images without a record, and half-written files."""
    command = conf.command
    store = open_store(conf)
    with open_session(conf) as session:
        unneeded = partial(joins.image_orphans, session)
        orphans = _sweep(command, store, unneeded, "image", stop)
        for medium in FILMS.values():
            orphans += _sweep(command, store.of(medium), unneeded, "film", stop)
        unneeded = partial(joins.orphans, session)
        segments = _sweep(command, store.segments(), unneeded, "segment", stop)
    halves = 0 if command.dry_run else store.remove_all_partial(command.older_than)
    print(f"{orphans} image(s) without a record, {halves} half-written file(s) removed")
    if segments:
        print(f"{segments} segment(s) of posters that no join needs")


def _sweep(
    command: argparse.Namespace, store: ImageStore, unneeded: Orphans, what: str, stop: process.Stop
) -> int:
    """Remove those images of a store that are not needed; return their number."""
    count = 0
    # A record exists before its image: an image listed here without one is an orphan.
    listed = iter(list(store.images(command.older_than)))
    while not stop.requested.is_set() and (batch := list(islice(listed, BATCH))):
        for uuid, token in unneeded(batch):
            count += 1
            print(f"{'would remove' if command.dry_run else 'removing'} the {what} of {uuid}")
            if not command.dry_run:
                store.delete(uuid, token)
    return count


def rebuild(conf: cfg.ConfigOpts, stop: process.Stop) -> int:
    """Write the states of recent jobs to Redis anew; return 1 when it was stopped.

    :raises faafo.errors.ConfigurationError: when Redis is not configured.
    :raises faafo.errors.RedisUnavailable: when it does not answer, or is full.
    """
    options = conf.reader
    if not options.redis_url:
        raise errors.ConfigurationError("[reader] redis_url: is not set; it names the server")
    recent = RecentJobs(options.redis_url, options.ttl, REDIS_TIMEOUT)
    recent.check()
    shown_at = time.monotonic()

    def show(total: int, part: float) -> None:
        nonlocal shown_at
        if time.monotonic() >= shown_at + SHOW_SECONDS:
            shown_at = time.monotonic()
            print(f"{total} state(s) written, {part:.0%} of the fractals seen", flush=True)

    with open_session(conf) as session:
        total = rebuild_states(session, recent, options.ttl, stop.requested, show)
    recent.close()
    was_stopped = stop.requested.is_set()
    print(f"{total} state(s) written{'; stopped before the end' if was_stopped else ''}")
    return 1 if was_stopped else 0


if __name__ == "__main__":
    sys.exit(main())
