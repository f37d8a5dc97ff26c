# SPDX-License-Identifier: Apache-2.0
"""The help of each command: its own options first, then those of configuration and logging.

oslo.config would print them as one alphabetical list, and only when the command is loaded.
"""

import argparse
from collections.abc import Callable
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from faafo.conf import cli

EPILOG = (
    "Each of these options, and all others, can be set in a configuration file; the command line "
    "takes precedence. Without --config-file and --config-dir, faafo.conf and {name}.conf are read "
    "from ~/.faafo or /etc/faafo. Options that may contain a password, such as database_url and "
    "transport_url, can be set in files only."
)


class _Recorder(cfg.ConfigOpts):
    """Keeps a list of the options that are registered for the command line."""

    def __init__(self) -> None:
        super().__init__()
        self.cli_opts: list[cfg.Opt] = []

    def register_cli_opts(
        self, opts: list[cfg.Opt], group: str | cfg.OptGroup | None = None
    ) -> None:
        self.cli_opts.extend(opts)
        super().register_cli_opts(opts, group)


def show(command: str, add_verbs: Callable[[Any], None] | None = None) -> None:
    """Print the help of a command.

    :param add_verbs: adds what the command can do to argparse's subparsers.
    """
    parser = argparse.ArgumentParser(
        command,
        usage=f"%(prog)s [OPTION ...]{' COMMAND ...' if add_verbs else ''}",
        description=cli.COMMANDS[command].description,
        epilog=EPILOG.format(name=command.removeprefix("faafo-")),
        add_help=False,
    )
    if add_verbs is not None:
        add_verbs(parser.add_subparsers(title="commands", metavar="COMMAND"))
    main = parser.add_argument_group("main options")
    for group, opt in cli.opts_of(command):
        _add(main, cli.flag(group, opt), opt)
    files = parser.add_argument_group("configuration files")
    files.add_argument("--config-file", metavar="PATH", help="Read this file. Can be repeated.")
    files.add_argument("--config-dir", metavar="DIR", help="Read the files *.conf in there.")
    log = parser.add_argument_group("logging")
    recorder = _Recorder()
    logging.register_options(recorder)
    for opt in recorder.cli_opts:
        if not opt.deprecated_for_removal:
            _add(log, cli.flag("DEFAULT", opt), opt)
    others = parser.add_argument_group("other options")
    others.add_argument("-h", "--help", action="store_true", help="Print this help and exit.")
    others.add_argument("--version", action="store_true", help="Print the version and exit.")
    parser.print_help()


def _add(group: Any, flag: str, opt: cfg.Opt) -> None:
    flags = [f"-{opt.short}", flag] if opt.short else [flag]
    if isinstance(opt, cfg.BoolOpt):
        group.add_argument(*flags, action="store_true", help=opt.help)
        return
    default = opt.sample_default or opt.default
    text = opt.help or ""
    if default is not None and "%(default)s" not in text:
        text += " (default: %(default)s)"
    if isinstance(default, list):
        default = ",".join(default)
    group.add_argument(*flags, metavar=opt.metavar or opt.dest.upper(), default=default, help=text)
