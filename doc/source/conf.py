# SPDX-License-Identifier: Apache-2.0
"""How Sphinx builds the documentation of faafo; nothing here needs the network."""

import re
from importlib import metadata
from typing import Any

from cliff.sphinxext import AutoprogramCliffDirective

from faafo.cli.commands import COMMANDS

project = "faafo"
project_copyright = "2026, faafo contributors"
release = metadata.version("faafo")

extensions = [
    "sphinx.ext.autodoc",
    "cliff.sphinxext",
    "oslo_config.sphinxext",
    "oslo_policy.sphinxext",
    "myst_parser",
    "reno.sphinxext",
]

# A theme that comes with Sphinx: its pages load nothing from other servers.
html_theme = "alabaster"
html_theme_options = {
    "description": "First App Application For OpenStack",
    "fixed_sidebar": True,
    "page_width": "1100px",
}
html_show_sourcelink = False

highlight_language = "console"
nitpicky = True
# Described elsewhere, and the network is not needed here.
nitpick_ignore_regex = [("py:class", r"(collections\.abc|datetime|requests)\..*")]


# The same for all commands: the page has them once.
autoprogram_cliff_ignored = [
    *("--help", "--noindent", "--prefix", "--max-width", "--fit-width", "--print-empty", "--quote"),
    *("--sort-column", "--sort-ascending", "--sort-descending"),
]
autoprogram_cliff_app_dist_name = "faafo"


class Commands(AutoprogramCliffDirective):
    """Documents ``faafo`` and its commands; cliff's own directive would search entry points."""

    def _load_commands(self) -> dict[str, Any]:
        return COMMANDS

    def _drop_ignored_options(self, parser: Any, ignored: list[str]) -> None:
        super()._drop_ignored_options(parser, ignored)
        # Its list of commands is for terminals.
        epilog = re.sub("commands:\n.*?\n\n", "", parser.epilog or "", flags=re.DOTALL)
        parser.epilog = epilog.replace("Examples:", "Examples::")
        for action in parser._actions:
            action.help = action.help % vars(action)


def setup(app: Any) -> None:
    """Add the directive."""
    app.add_directive("faafo-commands", Commands)
