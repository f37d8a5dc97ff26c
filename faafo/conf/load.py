# SPDX-License-Identifier: Apache-2.0
"""Reads command line and configuration files; an invalid value is one line naming its option."""

import contextlib
import io
import re
from collections.abc import Sequence
from itertools import islice

from oslo_config import cfg

from faafo import conf as options
from faafo import errors
from faafo.conf import cli

FILES = ("--config-file", "--config-dir")
# What oslo.config prints, wherever it has found the value.
INVALID = re.compile(r"argument --(\S+): Invalid .+? value: (.*)\n", re.DOTALL)


def load(
    conf: cfg.ConfigOpts,
    command: str,
    version: str,
    argv: Sequence[str],
    config_files: Sequence[str],
) -> None:
    """Parse ``argv`` and read the configuration; what the command line says takes precedence.

    All options have been registered, those of the command line first.

    :param config_files: read these unless ``argv`` names others.
    :raises faafo.errors.ConfigurationError: when an option is unknown or has an invalid value.
    :raises SystemExit: after printing, when ``argv`` asks for help or for the version.
    """
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            conf(
                _files_first(argv),
                project="faafo",
                prog=command,
                version=version,
                description=cli.COMMANDS[command].description,
                default_config_files=list(config_files),
            )
    except SystemExit as end:
        if not end.code:
            raise
        raise errors.ConfigurationError(_explained(command, argv, printed.getvalue())) from None


def check_values(conf: cfg.ConfigOpts) -> None:
    """Read every option once, so that an invalid value stops the command when it starts.

    :raises faafo.errors.ConfigurationError: when a value is invalid; names option and value.
    """
    for group, opts in options.list_opts():
        for opt in opts:
            try:
                conf[opt.dest] if group == "DEFAULT" else conf[group][opt.dest]
            except (cfg.Error, ValueError) as error:
                # oslo.config also writes where it has found the value, as the repr of an object.
                reason = str(error).rpartition(" is not valid: ")[2]
                raise errors.ConfigurationError(f"[{group}] {opt.dest}: {reason}") from None


def _files_first(argv: Sequence[str]) -> list[str]:
    """Move the names of configuration files to the front: oslo.config lets the last value win."""
    files: list[str] = []
    others: list[str] = []
    rest = iter(argv)
    for argument in rest:
        if argument in FILES:
            files += [argument, *islice(rest, 1)]
        elif argument.startswith(tuple(f"{flag}=" for flag in FILES)):
            files.append(argument)
        else:
            others.append(argument)
    return files + others


def _explained(command: str, argv: Sequence[str], printed: str) -> str:
    """Return in one line what oslo.config or argparse has printed before it exited."""
    if found := INVALID.fullmatch(printed):
        dest, value = found.groups()
        for group, opt in cli.opts_of(command):
            if opt.dest == dest:
                flag = cli.flag(group, opt)
                on_command_line = any(one.partition("=")[0] == flag for one in argv)
                name = flag if on_command_line else f"[{group}] {opt.dest}"
                return f"{name}: {_reason(opt, value)}"
    # argparse prints its usage before the error.
    return f"{printed.rpartition('error: ')[2].strip()}; see {command} --help"


def _reason(opt: cfg.Opt, value: str) -> str:
    try:
        opt.type(value)
    except ValueError as error:
        return str(error)
    return f"invalid value: {value}"
