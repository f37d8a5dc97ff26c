# SPDX-License-Identifier: Apache-2.0
"""The start and the end of every command: configuration, logging, names, exit status."""

import gc
import itertools
import os
import re
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path

from oslo_config import cfg
from oslo_log import log as logging
from oslo_service import systemd

from faafo import conf as options
from faafo import errors, logs, meditation, urls
from faafo.conf import cli
from faafo.conf.files import files_read, values_in
from faafo.conf.live import LiveConfiguration
from faafo.conf.load import check_references, check_values
from faafo.conf.scratch import Source
from faafo.fractal.service import Kind, Process
from faafo.stop import Stop
from faafo.tracing import spans
from faafo.tracing import start as tracing

LOG = logging.getLogger(__name__)

# Options of oslo.messaging, which the API imports when the first tile is requested.
OF_MESSAGING = re.compile(
    r"\[DEFAULT\] (transport_url|control_exchange|rpc_|executor_)|\[oslo_messaging_"
)
# Commands that take part in what is done for a fractal.
TRACED = ("faafo-all", "faafo-api", "faafo-notifier", "faafo-producer", "faafo-worker")
# Groups whose options come from a library that only some commands load, with one of those options:
# until it is registered, the others are unknown.
OF_KEYSTONE = {"keystone_authtoken": "cafile", "service_auth": "cafile"}


def version() -> str:
    """Return the version of the installed faafo."""
    return metadata.version("faafo")


def prepare_service(
    command: str,
    argv: Sequence[str] | None = None,
    config_files: Sequence[str] | None = None,
    has_console: bool = False,
    register_more: Callable[[cfg.ConfigOpts], None] | None = None,
) -> cfg.ConfigOpts:
    """Read the configuration of ``command``, start logging, and return the configuration.

    Parameters and errors are those of ``prepare_live``.
    """
    return prepare_live(command, argv, config_files, has_console, register_more).conf


def prepare_live(
    command: str,
    argv: Sequence[str] | None = None,
    config_files: Sequence[str] | None = None,
    has_console: bool = False,
    register_more: Callable[[cfg.ConfigOpts], None] | None = None,
) -> LiveConfiguration:
    """Read the configuration of ``command``, start logging; return what has it follow changes.

    :param argv: the command line without the program's name; by default the real one.
    :param config_files: read these instead of looking below /etc/faafo and ~/.faafo.
    :param has_console: the command prints its progress itself: unless a destination of the log is
        configured, warnings and errors only are logged, to standard error.
    :param register_more: registers the options of a library, so that they are checked as well.
    :raises faafo.errors.ConfigurationError: when an option is unknown or has an invalid value.
    """
    conf = cfg.CONF
    cli.register_opts(conf, command)
    options.register_opts(conf)
    of_logging = logs.register_opts(conf)
    if register_more is not None:
        register_more(conf)
    if argv is None:
        argv = sys.argv[1:]
    if config_files is None:
        config_files = cfg.find_config_files("faafo", command.removeprefix("faafo-"))
    source = Source(command, version(), argv, config_files)
    # A change while they are read is found later.
    read = source.fingerprint()
    source.load(conf)
    # From then on the log says what is wrong with the other options.
    check_values(conf, of_logging)
    levels = logs.start(conf, version(), has_console)
    check_values(conf)
    if command in TRACED:
        tracing.start(conf, command, version())
    live = LiveConfiguration(conf, source, read, levels.set_defaults)
    live.on_change(lambda: levels.apply(conf))
    return live


def check_transport_url(conf: cfg.ConfigOpts) -> None:
    """Check the URLs of brokers without oslo.messaging, which the API loads with the first tile.

    :raises faafo.errors.ConfigurationError: when one is not valid, or has an unknown driver.
    """
    given = [
        (name, value)
        for _path, group, name, value in values_in(files_read(conf))
        if (group, name) == ("DEFAULT", "transport_url")
    ]
    given.append(("transport_url", os.environ.get("OS_DEFAULT__TRANSPORT_URL", "")))
    last = [(name, value) for name, value in given if value][-1:]
    for name, url in (*last, ("[tiles] transport_url", conf.tiles.transport_url)):
        try:
            if url:
                urls.check_transport(url)
                check_references(conf, url)
        except ValueError as error:
            raise errors.ConfigurationError(f"{name} = {urls.masked(url)}: {error}") from None


def warn_of_unknown_options(conf: cfg.ConfigOpts, later: re.Pattern | None = None) -> None:
    """Log a warning for each unknown option in the configuration files.

    Call it when all options are registered.

    :param later: matches "[group] name" of options that may be registered later.
    """
    for path, group, name in unknown_options(conf):
        if later is None or not later.match(f"[{group}] {name}"):
            LOG.warning("ignoring unknown option [%s] %s in %s", group, name, path)


def unknown_options(conf: cfg.ConfigOpts) -> Iterator[tuple[Path, str, str]]:
    """Yield the file, the group and the name of each option that is not registered."""
    for path, group, name, _value in values_in(files_read(conf)):
        if group in OF_KEYSTONE and not _is_known(conf, group, OF_KEYSTONE[group]):
            continue
        if not _is_known(conf, group, name.replace("-", "_")):
            yield path, group, name


def _is_known(conf: cfg.ConfigOpts, group: str, name: str) -> bool:
    if group == "DEFAULT":
        return name in conf
    return group in conf and name in conf[group]


def instance_id(name: str) -> str:
    """Return an id that distinguishes this process from earlier ones of the same name.

    The process id does not suffice: in a container it is always the same.
    """
    return f"{name}:{secrets.token_hex(4)}"


def describe(kind: Kind, live: LiveConfiguration, name: str | None = None) -> Process:
    """Return what the registry of services is told of this process.

    :param name: of the service; by default a unique one.
    """
    name = name or unique_name(kind)
    process_id = instance_id(name)
    return Process(kind, name, process_id, version(), configuration=lambda: live.configuration)


def unique_name(kind: str) -> str:
    """Return ``<host name>-<number>`` with the first number no other ``kind`` on this host uses.

    Durable queues are named after it, so a restarted service should get the same name again.
    An abstract socket reserves the number; the kernel frees it however the process ends. On
    systems without abstract sockets the process id takes the place of the number.
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
            # It stays open until the process ends.
            holder.detach()
            return f"{host}-{number}"
    raise AssertionError("there is always a next number")


def ready() -> None:
    """Tell systemd that the service is ready, and spare the garbage collector what it has made.

    Modules and what a service makes at its start last until it ends. Each full collection would
    look at these 100 000 objects again: 5 % of the CPU time of an API.
    """
    systemd.notify()
    gc.freeze()


def run(main: Callable[[Stop], int | None]) -> int:
    """Run a command until it ends or is stopped; return its exit status.

    An error that faafo can explain is logged as one line, without a traceback.
    """
    stop = Stop(lambda: meditation.write(cfg.CONF, version()))
    stop.begin()
    status, sentence = 1, None
    try:
        status = main(stop) or 0
    except (errors.FaafoError, cfg.Error) as error:
        sentence = str(error)
    except KeyboardInterrupt:
        # Ctrl-C before the command listens for signals.
        status = 128 + signal.SIGINT
    finally:
        # Outside of the except clause, inside which oslo.log would append the error to the line.
        if sentence is not None:
            logs.say(sentence)
        spans.stop()
        status = stop.finish(status)
    return status
