# SPDX-License-Identifier: Apache-2.0
"""The options on the command lines."""

import pytest
from oslo_config import cfg

from faafo import conf as options
from faafo.conf import cli


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_each_option_of_a_command_line_can_be_given(command):
    for group, opt in cli.opts_of(command):
        conf = cfg.ConfigOpts()
        cli.register_opts(conf, command)
        options.register_opts(conf)
        value = opt.default or opt.sample_default or 3
        value = ",".join(value) if isinstance(value, list) else str(value)
        is_flag = isinstance(opt, cfg.BoolOpt)
        conf([cli.flag(group, opt)] + [value] * (not is_flag), default_config_files=[])
        given = conf[opt.dest] if group == "DEFAULT" else conf[group][opt.dest]
        assert given is True if is_flag else given == opt.type(value)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_no_secret_can_be_given_on_a_command_line(command):
    # The first faafo has --endpoint-url; the help says where to put a login.
    secret = {opt.dest for _group, opt in cli.opts_of(command) if opt.secret}
    assert secret <= {"endpoint_url"}


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_the_name_of_an_option_is_unique_on_a_command_line(command):
    names = [opt.dest for _group, opt in cli.opts_of(command)]
    assert len(set(names)) == len(names)
