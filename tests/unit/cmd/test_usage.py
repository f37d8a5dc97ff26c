# SPDX-License-Identifier: Apache-2.0
"""The help of the commands."""

import pytest

from faafo.cmd import usage
from faafo.conf import cli


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_the_help_says_what_a_command_is_for_and_lists_its_options_before_others(command, capsys):
    usage.show(command)
    text = capsys.readouterr().out
    assert text.startswith(f"usage: {command} [OPTION ...]\n")
    assert cli.COMMANDS[command].description.split()[:3] == text.split()[4:7]
    main, _, others = text.partition("\nconfiguration files:\n")
    for group, opt in cli.opts_of(command):
        assert f"  {cli.flag(group, opt)}" in main
    assert "--log-file PATH" in others
    assert "  -d, --debug" in others


def test_the_help_names_units_and_defaults(capsys):
    usage.show("faafo-all")
    text = " ".join(capsys.readouterr().out.split())
    assert "--port PORT TCP port" in text
    assert "(default: 5000)" in text
    assert "--interval SECONDS" in text
    assert "(default: ~/.local/state/faafo)" in text


def test_verbs_come_first(capsys):
    usage.show("faafo-manage", lambda verbs: verbs.add_parser("db", help="the database"))
    text = capsys.readouterr().out
    assert "\ncommands:\n" in text
    assert text.index("the database") < text.index("main options:")
