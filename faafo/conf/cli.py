# SPDX-License-Identifier: Apache-2.0
"""The options that each command takes on its command line, beside those of oslo.log.

An option whose value may contain a password has no place there: every user of the machine can
read command lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from oslo_config import cfg

from faafo import conf as options


@dataclass(frozen=True)
class Command:
    """The purpose of a command, and its options: ``name``, or ``group.name``, as in files."""

    description: str
    options: Sequence[str]


GENERATOR = (*("one_shot", "interval", "min_tasks", "max_tasks", "palettes", "producer.style"),)

COMMANDS = {
    "faafo-all": Command(
        "Run the API, the gallery, a worker, a producer and a notifier in one process. Needs no "
        "server and no configuration.",
        ("bind_port", "listen_address", "state_path", "quiet", "worker.slots", *GENERATOR),
    ),
    "faafo-api": Command(
        "Serve the REST API, the gallery and the explorer.",
        ("bind_port", "listen_address", "state_path", "quiet", "api.threads"),
    ),
    "faafo-notifier": Command(
        "Deliver events about fractals to webhooks, and publish them on the bus.",
        ("endpoint_url", "quiet", "notifier.name"),
    ),
    "faafo-producer": Command(
        "Generate random fractals, and dispatch queued fractals to workers.",
        ("endpoint_url", "quiet", "producer.name", *GENERATOR),
    ),
    "faafo-reader": Command(
        "Keep the states of recent jobs in Redis, as events tell them.", ("quiet",)
    ),
    "faafo-worker": Command(
        "Render fractals for producers, and tiles for the explorer.",
        ("endpoint_url", "state_path", "quiet", "worker.name", "worker.slots", "tiles.threads"),
    ),
    "faafo-manage": Command(
        "Administer the database, the fractals and the image store.", ("state_path", "quiet")
    ),
    "faafo-status": Command(
        "Tell whether services of this version can start: before an upgrade of faafo ends.",
        ("state_path", "quiet"),
    ),
}


def opts_of(command: str) -> list[tuple[str, cfg.Opt]]:
    """Return the options that ``command`` takes on its command line, each with its group."""
    known = {(group, opt.dest): (group, opt) for group, opts in options.list_opts() for opt in opts}
    names = [name.rpartition(".") for name in COMMANDS[command].options]
    return [known[group or "DEFAULT", name] for group, _dot, name in names]


def register_opts(conf: cfg.ConfigOpts, command: str) -> None:
    """Have ``conf`` accept these options; call it before all options are registered."""
    for group, opt in opts_of(command):
        conf.register_cli_opt(opt, group=None if group == "DEFAULT" else group)


def flag(group: str, opt: cfg.Opt) -> str:
    """Return what an option is called on the command line."""
    return f"--{opt.name}" if group == "DEFAULT" else f"--{group}-{opt.name}"
