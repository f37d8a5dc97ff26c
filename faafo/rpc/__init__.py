# SPDX-License-Identifier: Apache-2.0
"""The RPC between producers and workers; the only room that imports oslo.messaging."""

import sys

# oslo.service requires eventlet, and libraries below import it when they find it, though nothing
# here uses it: a service would take 0.2 s longer to start, and 20 MB more. In another program, such
# as oslo-config-generator, it may have been imported already.
sys.modules.setdefault("eventlet", None)  # type: ignore[arg-type]

from oslo_service import backend  # noqa: E402

# oslo.messaging uses eventlet unless a backend was chosen before it is imported; in another program
# that may have happened already.
if backend.get_backend_type() is None:
    backend.init_backend(backend.BackendType.THREADING)

import oslo_messaging  # noqa: E402, F401
