# SPDX-License-Identifier: Apache-2.0
"""A configuration to try files with, apart from the one that the service reads."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oslo_config import cfg

from faafo.conf.load import check_values, load, paths_read

# Names of oslo.config's own options, which each configuration has.
OWN = {"config_file", "config_dir", "config_source", "shell_completion"}
DEFAULT = "DEFAULT"
# What is known of a file that can be read, or why it cannot.
Fingerprint = tuple[tuple[Any, ...], ...]
# Values by "group.option"; those of [DEFAULT] by "option".
Values = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """What a process reads its configuration from: command line, environment, files."""

    command: str
    version: str
    argv: Sequence[str]
    config_files: Sequence[str]

    def load(self, conf: cfg.ConfigOpts) -> None:
        """Read everything into ``conf``; raises as ``conf.load.load`` does."""
        load(conf, self.command, self.version, self.argv, self.config_files)

    def paths(self) -> list[Path]:
        """Return the files that are read now: those in a directory may come and go."""
        return paths_read(self.command, self.argv, self.config_files)

    def fingerprint(self) -> Fingerprint:
        """Return what changes when any of the files does, also when a link to it is swapped."""
        return tuple(map(_fingerprint, self.paths()))

    def is_readable_again(self) -> bool:
        """Return whether no file is a pipe, which can be read only once."""
        return not any(path.exists() and not path.is_file() for path in self.paths())

    def read(self, conf: cfg.ConfigOpts) -> cfg.ConfigOpts:
        """Return a new configuration with the options of ``conf``, as the files are now.

        :raises faafo.errors.ConfigurationError: when a file cannot be read, or a value is invalid.
        """
        scratch = cfg.ConfigOpts()
        for group, info in _infos(conf):
            opt = info["opt"]
            register = scratch.register_cli_opt if info["cli"] else scratch.register_opt
            register(opt, group=group)
            if "default" in info:
                scratch.set_default(opt.dest, info["default"], group=group)
        self.load(scratch)
        return scratch


def options_of(conf: cfg.ConfigOpts) -> dict[str, tuple[str | None, cfg.Opt]]:
    """Return every option of ``conf`` with its group, by its name in settings."""
    return {name_of(group, info["opt"].dest): (group, info["opt"]) for group, info in _infos(conf)}


def values_of(conf: cfg.ConfigOpts) -> Values:
    """Return every value of ``conf``.

    :raises faafo.errors.ConfigurationError: when one is invalid; names the option.
    """
    check_values(conf)
    return {name: value_of(conf, group, opt) for name, (group, opt) in options_of(conf).items()}


def value_of(conf: cfg.ConfigOpts, group: str | None, opt: cfg.Opt) -> Any:
    """Return the value of one option."""
    return conf[opt.dest] if group is None else conf[group][opt.dest]


def is_overridden(conf: cfg.ConfigOpts, group: str | None, opt: cfg.Opt) -> bool:
    """Return whether the service itself has set the option."""
    found = conf.get_location(opt.dest, group)
    return found is not None and found.location is cfg.Locations.set_override


def name_of(group: str | None, dest: str) -> str:
    """Return what an option is called in settings."""
    return dest if group is None else f"{group}.{dest}"


def shown_name(name: str) -> str:
    """Return what the option of a setting is called in files."""
    group, _dot, dest = name.rpartition(".")
    return f"[{group or DEFAULT}] {dest}"


def differing(before: Fingerprint, after: Fingerprint) -> list[str]:
    """Return the paths of the files that differ."""
    return sorted({one[0] for one in {*before} ^ {*after}})


def _infos(conf: cfg.ConfigOpts) -> Iterator[tuple[str | None, Any]]:
    """Yield what oslo.config knows of each option; it has no public way to ask."""
    for name in [one for one in conf if one not in OWN]:
        found = conf[name]
        if isinstance(found, cfg.ConfigOpts.GroupAttr):
            for dest in found:
                yield name, conf._get_opt_info(dest, name)
        elif not isinstance(found, cfg.ConfigOpts.SubCommandAttr):
            yield None, conf._get_opt_info(name)


def _fingerprint(path: Path) -> tuple[Any, ...]:
    try:
        found = os.stat(path)
        real = os.path.realpath(path)
    except OSError as error:
        return str(path), error.errno
    identity = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return str(path), real, *identity
