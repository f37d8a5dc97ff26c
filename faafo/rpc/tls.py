# SPDX-License-Identifier: Apache-2.0
"""The files for TLS to the broker, read once at the start: later their errors mean "try again"."""

import ssl
from typing import Any

from oslo_messaging._drivers.impl_rabbit import Connection

from faafo import errors


def check_tls(options: Any) -> None:
    """Check the options of RabbitMQ about TLS, if it is switched on.

    :raises faafo.errors.ConfigurationError: when a file cannot be read or has no certificate or
        key, or the version is unknown; names the option.
    """
    if not options.ssl:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    certificate, key = options.ssl_cert_file, options.ssl_key_file
    for name, file, load in (
        ("ssl_ca_file", options.ssl_ca_file, context.load_verify_locations),
        # Both are in one file unless ssl_key_file is set.
        ("ssl_cert_file", certificate, lambda file: _load_pair(context, file, key or None)),
        ("ssl_key_file", key, lambda file: open(file, "rb").close()),
    ):
        try:
            if file:
                load(file)
        except OSError as error:
            raise _refused(name, file, error.strerror or str(error)) from None
    try:
        if options.ssl_version:
            Connection.validate_ssl_version(options.ssl_version)
    except RuntimeError as error:
        raise _refused("ssl_version", options.ssl_version, str(error)) from None


def _load_pair(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    # Without a password of its own OpenSSL would ask for one at the terminal.
    context.load_cert_chain(certificate, key, password="")


def _refused(name: str, value: str, why: str) -> errors.ConfigurationError:
    return errors.ConfigurationError(f"[oslo_messaging_rabbit] {name} = {value}: {why}")
