# SPDX-License-Identifier: Apache-2.0
"""How Sphinx builds the documentation of faafo; nothing here needs the network."""

from importlib import metadata

project = "faafo"
project_copyright = "2026, faafo contributors"
release = metadata.version("faafo")

extensions = [
    "oslo_config.sphinxext",
    "myst_parser",
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
