# SPDX-License-Identifier: Apache-2.0
"""``faafo-status``: tells whether services of this version can start."""

import sys
from typing import Any

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from faafo import errors, process
from faafo.cmd import usage
from faafo.cmd.administration import noun, verb
from faafo.cmd.upgrade_checks import UpgradeChecks
from faafo.conf.files import files_read


def main() -> int:
    """Run the checks; return the exit status: 0 all is well, 1 warnings, 2 failures."""
    if sys.argv[1:] in (["-h"], ["--help"]):
        usage.show("faafo-status", _add_commands)
        return 0
    return process.run(status)


def status(stop: process.Stop) -> int:
    """Run the verb of the command line; return the exit status."""
    cfg.CONF.register_cli_opt(cfg.SubCommandOpt("command", title="commands", handler=_add_commands))
    files = cfg.find_config_files("faafo", "api")
    try:
        conf = process.prepare_service("faafo-status", config_files=files, has_console=True)
    except errors.ConfigurationError as error:
        print(error, file=sys.stderr)
        return upgradecheck.Code.FAILURE
    stop.listen()
    return conf.command.act(conf)


def check(conf: cfg.ConfigOpts) -> int:
    """Print what each check finds."""
    # It asks this one whether to print JSON.
    upgradecheck.CONF = conf
    return UpgradeChecks(conf, [str(path) for path in files_read(conf)]).check()


def _add_commands(commands: Any) -> None:
    upgrade = noun(commands, "upgrade", "an upgrade of faafo")
    checking = verb(upgrade, "check", check, "check whether services of this version can start")
    checking.add_argument("--json", action="store_true", help="print the results as JSON")


if __name__ == "__main__":
    sys.exit(main())
