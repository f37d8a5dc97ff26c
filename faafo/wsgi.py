# SPDX-License-Identifier: Apache-2.0
"""The API as a WSGI application, for gunicorn, uWSGI or mod_wsgi: ``faafo.wsgi:application``.

The environment variable FAAFO_CONFIG_FILES names its configuration files, separated by colons;
by default it reads the files that faafo-api reads. A server may load this module before it forks.
"""

import atexit
import logging
import os

from faafo import process
from faafo.app import settings
from faafo.app.factory import create_app, make_collaborators
from faafo.app.fork import share_nothing
from faafo.app.lifecycle import prepare_database
from faafo.app.setting_watch import SettingWatch
from faafo.core.collaborators import Collaborators
from faafo.core.refreshed import Refreshed
from faafo.store.factory import open_store
from faafo.tracing import spans

_files = os.environ.get("FAAFO_CONFIG_FILES")
_live = process.prepare_live("faafo-api", [], _files.split(":") if _files else None)
_conf = _live.conf
process.check_transport_url(_conf)
process.warn_of_unknown_options(_conf, later=process.OF_MESSAGING)
if _conf.metrics.bind:
    # Each process of the server would need a port of its own.
    logging.getLogger(__name__).warning("[metrics] bind is ignored: only faafo-api has metrics")

application = create_app(_conf, open_store(_conf), process.version())
prepare_database(application)
# The servers end without ``process.run``.
atexit.register(spans.stop)
settings.follow(application, _live)
SettingWatch(application).look_with_requests()
application.before_request(Refreshed(_live.look).get)


def _make() -> Collaborators:
    made = make_collaborators(_conf, open_store(_conf))
    made.settings.follow(_live)
    return made


share_nothing(application, _make)
