# SPDX-License-Identifier: Apache-2.0
"""The start of logging, and the one line by which a command says why it ends."""

import logging as stdlib_logging
import sys

from oslo_config import cfg
from oslo_log import log as logging

from faafo import errors
from faafo.stop import Stop

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
    # Each try of an export; we log once that the collector is away.
    "opentelemetry=CRITICAL",
    # They log what is wrong with a policy, and a traceback; the error that we raise names the rule.
    "oslo_policy=ERROR",
    "oslo_policy._parser=CRITICAL",
]
DESTINATIONS = (
    "log_config_append",
    "log_file",
    "log_dir",
    "use_syslog",
    "use_journal",
    "use_stderr",
)
# What can be wrong although each value has the right type.
FALLIBLE = (*DESTINATIONS, "syslog_log_facility", "default_log_levels")
FORMATS = ("logging_default_format_string", "logging_context_format_string", "log_date_format")


def register_opts(conf: cfg.ConfigOpts) -> list[str]:
    """Register the options of oslo.log, and return their names."""
    known = set(conf)
    logging.register_options(conf)
    logging.set_defaults(default_log_levels=logging.get_default_log_levels() + QUIET_LIBRARIES)
    return sorted(set(conf) - known)


class Levels:
    """The levels of loggers: what they are by default, and how they follow ``conf``.

    ``named`` are the loggers that have a level of their own.

    :param has_console: the command prints its progress itself: unless ``quiet`` or ``debug`` says
        otherwise, warnings and errors only are logged.
    """

    def __init__(self, has_console: bool) -> None:
        self._has_console = has_console
        self.named: set[str] = set()

    def set_defaults(self, conf: cfg.ConfigOpts) -> None:
        """Set the default of ``default_log_levels``.

        :raises faafo.errors.ConfigurationError: when a level in ``default_log_levels`` is invalid.
        """
        levels = logging.get_default_log_levels() + QUIET_LIBRARIES
        if not conf.debug and (conf.quiet or self._has_console):
            levels = [level.replace("=INFO", "=WARN") for level in levels]
            if not conf.quiet:
                # A signal is confirmed at once, since draining may take a while.
                levels.append(f"{Stop.__module__}=INFO")
            levels = ["root=WARN", *levels]
        conf.set_default("default_log_levels", levels)
        for name, level in _levels_of(conf):
            if not isinstance(level, int):
                raise errors.ConfigurationError(
                    f"default_log_levels = {name}={level}: unknown level"
                )

    def apply(self, conf: cfg.ConfigOpts) -> None:
        """Give all loggers that ``conf`` names their levels, and the others that of the root."""
        levels = dict(_levels_of(conf))
        root = stdlib_logging.DEBUG if conf.debug else stdlib_logging.INFO
        stdlib_logging.getLogger().setLevel(levels.get("root", root))
        for name in self.named - {*levels, "root"}:
            stdlib_logging.getLogger(name).setLevel(stdlib_logging.NOTSET)
        for name, level in levels.items():
            stdlib_logging.getLogger(name).setLevel(level)
        self.named = {*levels}


def start(conf: cfg.ConfigOpts, version: str, has_console: bool) -> Levels:
    """Start logging as ``conf`` says; return what has the levels follow it.

    :param has_console: the command prints its progress itself: unless a destination of the log is
        configured, warnings and errors only are logged, to standard error.
    :raises faafo.errors.ConfigurationError: when a destination cannot be opened, or a value is
        invalid; names the options.
    """
    has_destination = any(conf[name] for name in DESTINATIONS)
    if not has_destination:
        # Standard output is for what a command has to print, like the address of faafo-all.
        conf.set_default("use_stderr", True)
    levels = Levels(has_console and not has_destination)
    levels.set_defaults(conf)
    try:
        logging.setup(conf, "faafo", version)
    # Whatever oslo.log and the handlers of the standard library raise, it is about these options.
    except Exception as error:
        raise errors.ConfigurationError(_explained(conf, FALLIBLE, error)) from None
    try:
        _try_formats()
    except (KeyError, TypeError, ValueError) as error:
        raise errors.ConfigurationError(_explained(conf, FORMATS, error)) from None
    stdlib_logging.captureWarnings(True)
    levels.named = {name for name, _level in _levels_of(conf)}
    return levels


def say(sentence: str) -> None:
    """Log why the command ends, and print it to standard error unless the log goes there."""
    line = "; ".join(part.strip() for part in sentence.splitlines() if part.strip())
    LOG.error("%s", line)
    handlers = stdlib_logging.getLogger().handlers
    # Without any handler the logging module itself prints the line.
    if handlers and not any(getattr(one, "stream", None) is sys.stderr for one in handlers):
        print(line, file=sys.stderr)


def _try_formats() -> None:
    """Format a record, as each handler will: its own errors become tracebacks."""
    record = LOG.logger.makeRecord(__name__, stdlib_logging.INFO, "", 0, "", (), None)
    for handler in stdlib_logging.getLogger().handlers:
        handler.format(record)


def _explained(conf: cfg.ConfigOpts, names: tuple[str, ...], error: Exception) -> str:
    """Return what is wrong with the options ``names``; no handler is left that cannot be used."""
    stdlib_logging.getLogger().handlers.clear()
    given = [f"{name} = {conf[name]}" for name in names if _is_given(conf, name)]
    reason = error.strerror if isinstance(error, OSError) else None
    return f"{', '.join(given) or 'logging'}: {reason or error}"


def _levels_of(conf: cfg.ConfigOpts) -> list[tuple[str, int | str]]:
    """Return the names of loggers with their levels; an unknown level as it is written."""
    known = stdlib_logging.getLevelNamesMapping()
    pairs = [pair.partition("=") for pair in conf.default_log_levels]
    return [
        (name, int(level) if level.isdecimal() else known.get(level, level))
        for name, _equals, level in pairs
    ]


def _is_given(conf: cfg.ConfigOpts, name: str) -> bool:
    found = conf.get_location(name)
    return found is not None and found.location.is_user_controlled
