# SPDX-License-Identifier: Apache-2.0
"""Loading a configuration, and explaining in one line what is wrong with it."""

import contextlib
import io
import math
import os
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from oslo_config import cfg

from faafo import errors
from faafo.conf import cli
from faafo.conf.files import check_file, files_of, files_read, option_with, parse_error
from faafo.urls import HIDDEN, masked

FILES = ("--config-file", "--config-dir")
# What oslo.config prints, wherever it has found the value.
INVALID = re.compile(r"argument --(\S+): Invalid .+? value: (.*)\n", re.DOTALL)
REFERENCE = re.compile(r"\$\{?([_a-z][._a-z0-9]*)", re.IGNORECASE)
NO_OPTION = "there is no option ${} to insert; write $$ for a dollar sign"
# What may be a URL with a password on a command line.
SECRET = re.compile(r"[^\s=]*(?:://|@)\S*")


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
    :raises faafo.errors.ConfigurationError: when a file cannot be read, an option is unknown, or a
        value is invalid.
    :raises SystemExit: after printing, when ``argv`` asks for help or for the version.
    """
    named, others = _split(argv)
    paths = paths_read(command, argv, config_files)
    for path in paths:
        check_file(path)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            conf(
                [*named, *others],
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
    except cfg.ConfigFileParseError as error:
        raise parse_error(error) from None
    except (OSError, UnicodeError, cfg.Error) as error:
        reference = _reference(error)
        where = reference and option_with(paths, reference)
        raise errors.ConfigurationError(
            f"{where}: {_sentence(error)}" if where else _sentence(error)
        ) from None


def paths_read(command: str, argv: Sequence[str], config_files: Sequence[str]) -> list[Path]:
    """Return the files that ``load`` reads with these arguments."""
    named, _others = _split(argv)
    paths = files_of(named) or map(Path, config_files)
    return [*paths, *_default_directories(named, command)]


def _default_directories(named: Sequence[str], command: str) -> list[Path]:
    """Return the files that oslo.config reads in directories that no option names."""
    if any(argument.startswith("--config-dir") for argument in named):
        return []
    directories = map(Path, cfg.find_config_dirs("faafo", command))
    return [path for directory in directories for path in sorted(directory.glob("*.conf"))]


def check_values(conf: cfg.ConfigOpts, names: Iterable[str] | None = None) -> None:
    """Read options once, so that an invalid value stops the command when it starts.

    :param names: of options outside of groups; by default all options of all groups.
    :raises faafo.errors.ConfigurationError: when a value is invalid; names the option.
    """
    for name in list(conf) if names is None else names:
        value = _read(conf, conf, "DEFAULT", name)
        if isinstance(value, cfg.ConfigOpts.GroupAttr):
            for option in value:
                _read(conf, value, name, option)


def check_references(conf: cfg.ConfigOpts, value: str) -> None:
    """Check that what follows a dollar sign in ``value``, of an option not yet known, is an option.

    :raises ValueError: when it is not.
    """
    for name in REFERENCE.findall(value.replace("$$", "").replace(r"\$", "")):
        if name not in conf:
            raise ValueError(NO_OPTION.format(name))


def _read(conf: cfg.ConfigOpts, source: Any, group: str, name: str) -> Any:
    try:
        value = source[name]
        # oslo.config compares these with the bounds, which they all pass.
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"must be a finite number, not {value}")
        return value
    except (cfg.Error, ValueError) as error:
        reference = _reference(error)
        if reference and (where := option_with(files_read(conf), reference)):
            raise errors.ConfigurationError(f"{where}: {_sentence(error)}") from None
        variable = f"OS_{group}__{name}".upper()
        where = f" (environment variable {variable})" if variable in os.environ else ""
        raise errors.ConfigurationError(f"[{group}] {name}{where}: {_sentence(error)}") from None


def _sentence(error: BaseException) -> str:
    """Return what is wrong with a value; of nested errors the innermost one knows."""
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    if reference := _reference(error):
        return NO_OPTION.format(reference)
    # oslo.config also writes where it has found the value, as the repr of an object.
    return str(_innermost(error)).rpartition(" is not valid: ")[2]


def _reference(error: BaseException) -> str | None:
    """Return the name behind the dollar sign if a value refers to an option that is none."""
    cause = _innermost(error)
    if isinstance(cause, cfg.NoSuchOptError):
        return cause.opt_name
    return cause.group_name if isinstance(cause, cfg.NoSuchGroupError) else None


def _innermost(error: BaseException) -> BaseException:
    """Return the cause that oslo.config has wrapped; a ValueError is not wrapped."""
    while error.__context__ is not None and not isinstance(error, ValueError):
        error = error.__context__
    return error


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the arguments that name configuration files, and the others.

    Files must come first: oslo.config lets the last value win.
    """
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
    return files, others


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
        # An option of oslo.log.
        name = f"--{dest}" if f"--{dest}" in argv else f"[DEFAULT] {dest}"
        return f"{name}: invalid value: {_masked_words(value)}"
    # argparse prints its usage before the error.
    text = printed.rpartition("error: ")[2].strip()
    return f"{_masked_words(text)}; see {command} --help"


def _masked_words(text: str) -> str:
    return SECRET.sub(lambda word: masked(word[0]), text)


def _reason(opt: cfg.Opt, value: str) -> str:
    try:
        opt.type(value)
    except ValueError as error:
        return str(error)
    return f"invalid value: {HIDDEN if opt.secret else value}"
