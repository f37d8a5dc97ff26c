# SPDX-License-Identifier: Apache-2.0
"""The API as a WSGI application, for gunicorn, uWSGI or mod_wsgi: ``faafo.wsgi:application``.

The environment variable FAAFO_CONFIG_FILES names its configuration files, separated by colons;
by default it reads the files that faafo-api reads.
"""

import os

from faafo import process
from faafo.app.factory import create_app
from faafo.app.lifecycle import prepare_database
from faafo.store.factory import open_store

_files = os.environ.get("FAAFO_CONFIG_FILES")
_conf = process.prepare_service("faafo-api", [], _files.split(":") if _files else None)
process.warn_of_unknown_options(_conf, later=process.OF_MESSAGING)
_store = open_store(_conf)

application = create_app(_conf, _store, process.version())
prepare_database(application)
