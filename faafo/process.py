# SPDX-License-Identifier: Apache-2.0
"""What every command starts with: configuration, logging, names, signals, one-line failures."""

import itertools
import logging as stdlib_logging
import os
import re
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path

from oslo_config import cfg
from oslo_log import log as logging

from faafo import conf as options
from faafo import errors

LOG = logging.getLogger(__name__)

QUIET_LIBRARIES = [
    "alembic=WARN",
    "oslo_service=WARN",
    "waitress=WARN",
    "waitress.queue=ERROR",
    "numba=WARN",
    "amqp=ERROR",
    "botocore=WARN",
    "boto3=WARN",
]
# The options of oslo.messaging, which the API imports when it needs it.
OF_MESSAGING = re.compile(
    r"\[DEFAULT\] (transport_url|control_exchange|rpc_|executor_)|\[oslo_messaging_"
)
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def version() -> str:
    """Return the version of the installed faafo."""
    return metadata.version("faafo")


def prepare_service(
    prog: str, argv: Sequence[str] | None = None, config_files: Sequence[str] | None = None
) -> cfg.ConfigOpts:
    """Return the configuration for command ``prog``, and start logging as it says.

    :param argv: the command line without the program's name; by default the real one.
    :param config_files: read these instead of looking below /etc/faafo and ~/.faafo.
    :raises faafo.errors.ConfigurationError: when an option has a value it cannot have.
    """
    conf = cfg.CONF
    options.register_opts(conf)
    logging.register_options(conf)
    logging.set_defaults(default_log_levels=logging.get_default_log_levels() + QUIET_LIBRARIES)
    if config_files is None:
        config_files = cfg.find_config_files("faafo", prog.removeprefix("faafo-"))
    conf(
        list(sys.argv[1:] if argv is None else argv),
        project="faafo",
        prog=prog,
        version=version(),
        default_config_files=list(config_files),
    )
    if not (conf.log_file or conf.log_dir or conf.use_syslog or conf.use_journal):
        # Standard output is for what a command has to say, like the URL of faafo-all.
        conf.set_default("use_stderr", True)
    logging.setup(conf, "faafo", version())
    stdlib_logging.captureWarnings(True)
    _check_values(conf)
    return conf


def _check_values(conf: cfg.ConfigOpts) -> None:
    """Read every option once, so that a bad value is told now and not in the night."""
    for group, opts in options.list_opts():
        for opt in opts:
            try:
                conf[opt.dest] if group == "DEFAULT" else conf[group][opt.dest]
            except (cfg.Error, ValueError) as error:
                # oslo.config says where it has read the value in the words of its own code.
                reason = str(error).rpartition(" is not valid: ")[2]
                raise errors.ConfigurationError(f"[{group}] {opt.name}: {reason}") from None


def warn_of_unknown_options(conf: cfg.ConfigOpts, later: re.Pattern | None = None) -> None:
    """Log a line for each option in the configuration files that nobody knows.

    Call it when everything that registers options has been made.

    :param later: matches "[group] name" of options that may be registered later.
    """
    for path, group, name in _options_in_files(conf):
        if later is not None and later.match(f"[{group}] {name}"):
            continue
        if not _is_known(conf, group, name.replace("-", "_")):
            LOG.warning("ignoring unknown option [%s] %s in %s", group, name, path)


def _is_known(conf: cfg.ConfigOpts, group: str, name: str) -> bool:
    if group == "DEFAULT":
        return name in conf
    return group in conf and name in conf[group]


def _options_in_files(conf: cfg.ConfigOpts) -> Iterator[tuple[str, str, str]]:
    directories = (Path(directory) for directory in conf.config_dir or ())
    files = [*(conf.config_file or ()), *(p for d in directories for p in sorted(d.glob("*.conf")))]
    for path in files:
        sections: dict[str, dict[str, list[str]]] = {}
        cfg.ConfigParser(str(path), sections).parse()
        for group, values in sections.items():
            for name in values:
                yield str(path), group, name


def identity(name: str) -> str:
    """Return what tells this process from the one that had its name before.

    The process id would not do: in a container it is always the same.
    """
    return f"{name}:{secrets.token_hex(4)}"


def unique_name(kind: str) -> str:
    """Return ``<host name>-<number>`` with the first number no other ``kind`` on this host has.

    Names become names of durable queues, so a service that starts again should get its old one.
    The number is held by an abstract socket, which the kernel frees however the process ends;
    systems without those get the process id instead.
    """
    host = socket.gethostname()
    if sys.platform != "linux":
        return f"{host}-{os.getpid()}"
    for number in itertools.count(1):
        holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            holder.bind(f"\0faafo-{kind}-{number}")
        except OSError:
            holder.close()
        else:
            # Open for as long as the process lives.
            holder.detach()
            return f"{host}-{number}"
    raise AssertionError("there is always a next number")


class Stop:
    """Tells when to stop: ``asked`` at the first signal, ``urged`` at Ctrl-C or the second one."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.urged = threading.Event()

    def listen(self) -> None:
        """Take SIGTERM and SIGINT from now on.

        The interpreter writes their numbers to a socket, and a thread reads them: an Event must
        not be set in a signal handler, which may have interrupted somebody who holds its lock.
        """
        received, sent = socket.socketpair()
        sent.setblocking(False)
        signal.set_wakeup_fd(sent.detach())
        for number in SIGNALS:
            signal.signal(number, lambda _number, _frame: None)
        threading.Thread(
            target=self._wait_for_signals, args=(received,), name="signals", daemon=True
        ).start()

    def _wait_for_signals(self, source: socket.socket) -> None:
        while received := source.recv(1):
            LOG.info("stopping: %s received", signal.Signals(received[0]).name)
            if received[0] == signal.SIGINT or self.asked.is_set():
                self.urged.set()
            self.asked.set()


def run(main: Callable[[Stop], int | None]) -> int:
    """Run a command until it ends or is told to stop; return its exit status.

    What goes wrong in a way faafo can explain is one line, without a traceback.
    """
    stop = Stop()
    try:
        return main(stop) or 0
    except (errors.FaafoError, cfg.Error) as error:
        sentence = str(error)
    # Outside of the except clause, since oslo.log adds the error to what is logged inside.
    LOG.error("%s", sentence)
    return 1
