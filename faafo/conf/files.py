# SPDX-License-Identifier: Apache-2.0
"""Configuration files: which are read, and whether they can be."""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from oslo_config import cfg

from faafo import errors

# In bytes: the samples, with all comments, have less than 50 000.
LARGEST = 2**20


def files_of(arguments: Sequence[str]) -> list[Path]:
    """Return the files that ``--config-file`` and ``--config-dir`` name, in their order."""
    found: list[Path] = []
    words = iter(arguments)
    for argument in words:
        flag, joined, name = argument.partition("=")
        path = Path(os.path.expanduser(name if joined else next(words, "")))
        found += sorted(path.glob("*.conf")) if flag == "--config-dir" else [path]
    return found


def check_file(path: str | Path) -> None:
    """Check that a configuration file can be read, before oslo.config reads it.

    :raises faafo.errors.ConfigurationError: when it is missing, a directory, not for us, too large
        or not UTF-8.
    """
    try:
        # What comes through a pipe can be read only once.
        if stat.S_ISFIFO(os.stat(path).st_mode):
            return
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None
    if len(content) > LARGEST:
        raise _refused(path, f"is larger than {LARGEST} bytes")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(path, f"line {line} is not UTF-8") from None


def parse_error(error: cfg.ConfigFileParseError) -> errors.ConfigurationError:
    """Return our own error, which shows no part of the line: it may be a URL with a password."""
    found = re.match(r"at .*:(\d+), (.*?)(?:: ['\"].*)?$", error.msg or "", re.DOTALL)
    line, why = found.groups() if found else ("?", "cannot be parsed")
    return _refused(error.config_file, f"line {line}: {why}")


def files_read(conf: cfg.ConfigOpts) -> list[Path]:
    """Return the files that ``conf`` has been read from."""
    directories = (Path(directory) for directory in conf.config_dir or ())
    inside = [path for directory in directories for path in sorted(directory.glob("*.conf"))]
    return [*map(Path, conf.config_file or ()), *inside]


def values_in(paths: Iterable[str | Path]) -> Iterator[tuple[Path, str, str, str]]:
    """Yield file, group, name and value of each option in these files, known or not."""
    # A pipe has been read already.
    for path in (one for one in map(Path, paths) if one.is_file()):
        sections: dict[str, dict[str, list[str]]] = {}
        cfg.ConfigParser(str(path), sections).parse()
        for group, options in sections.items():
            for name, values in options.items():
                # Of several values the last one counts.
                yield path, group, name, values[-1]


def option_with(paths: Iterable[str | Path], reference: str) -> str | None:
    """Return which option has ``$reference`` in its value, as "[group] name"."""
    wanted = re.compile(rf"\$\{{?{re.escape(reference)}\b")
    for _path, group, name, value in values_in(paths):
        if wanted.search(value):
            return f"[{group}] {name}"
    return None


def _refused(path: str | Path, why: str) -> errors.ConfigurationError:
    return errors.ConfigurationError(f"configuration file {path}: {why}")
