# SPDX-License-Identifier: Apache-2.0
"""The context of a request, as views and log lines get it."""

import logging

from oslo_config import cfg
from oslo_log.formatters import ContextFormatter

from faafo import logs
from faafo.core.context import CONTEXT, RequestContext, request_context


def test_a_view_gets_the_context_of_its_request(app):
    made = RequestContext(user_id="u", project_id="p", roles=("reader",))
    with app.test_request_context(environ_overrides={CONTEXT: made}):
        assert request_context() is made
        assert (request_context().user_id, request_context().project_id) == ("u", "p")


def test_a_log_line_names_the_request_and_who_sends_it():
    conf = cfg.ConfigOpts()
    logs.register_opts(conf)
    conf([], default_config_files=[])
    made = RequestContext(user_id="u-1", project_id="p-1", global_request_id="req-other")
    record = logging.LogRecord("faafo", logging.INFO, "", 0, "done", None, None)
    line = ContextFormatter(config=conf).format(record)
    assert f"[req-other {made.request_id} u-1 p-1 " in line
    assert line.endswith("done")
