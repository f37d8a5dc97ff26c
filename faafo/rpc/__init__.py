# SPDX-License-Identifier: Apache-2.0
"""The RPC between producers and workers; the only room that imports oslo.messaging."""

import warnings

with warnings.catch_warnings():
    # Libraries below import eventlet when they find it, though nothing here uses it.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

    from oslo_service import backend

    # oslo.messaging uses eventlet unless a backend was chosen before it is imported; in another
    # program, such as oslo-config-generator, that may have happened already.
    if backend.get_backend_type() is None:
        backend.init_backend(backend.BackendType.THREADING)

    import oslo_messaging  # noqa: F401
