# SPDX-License-Identifier: Apache-2.0
"""What a strategy opens, and what noauth does not even load."""

import subprocess
import sys

from faafo.auth.http_basic import HttpBasic
from faafo.auth.policy import Policy
from faafo.auth.strategy import open_authenticator, open_policy
from faafo.core.context import RequestContext, request_context

LOADED = """
import sys
import faafo.cmd.all, faafo.cmd.api, faafo.cmd.worker
libraries = ("bcrypt", "keystoneauth1", "keystonemiddleware", "oslo_policy")
print([name for name in libraries if name in sys.modules])
"""


def test_noauth_lets_everybody_do_everything(conf, tokens):
    assert open_authenticator(conf, tokens) is None
    assert open_policy(conf).allows("fractal:delete", RequestContext())


def test_noauth_loads_no_library_of_other_strategies():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_http_basic_has_users_and_a_policy(conf, tmp_path, tokens):
    (tmp_path / "users").write_text("")
    conf.set_override("auth_strategy", "http_basic", group="api")
    conf.set_override("http_basic_auth_user_file", str(tmp_path / "users"), group="api")
    assert isinstance(open_authenticator(conf, tokens), HttpBasic)
    assert isinstance(open_policy(conf), Policy)


def test_with_noauth_a_view_sees_an_administrator(app):
    seen = []

    @app.after_request
    def see(answer):
        seen.append(request_context())
        return answer

    app.test_client().get("/healthcheck")
    (context,) = seen
    assert (context.user_id, context.project_id) == (None, None)
    assert {"admin", "member", "reader", "service"} == set(context.roles)


def test_keystone_brings_no_eventlet():
    script = (
        "import sys, faafo.auth.keystone, oslo_cache._memcache_pool\n"
        "print(sys.modules.get('eventlet'))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("None\n", "")
