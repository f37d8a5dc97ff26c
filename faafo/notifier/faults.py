# SPDX-License-Identifier: Apache-2.0
"""Why a delivery has failed, as one sentence for the log of the webhook."""

import http.client
import os
import socket
import ssl
from http import HTTPStatus

from faafo.notifier.connection import LARGEST_HEAD, HeadTooLarge

# OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED.
EXPIRED = 10
# The first that fits counts.
SENTENCES: dict[type[Exception], str] = {
    HeadTooLarge: f"answered with more than {LARGEST_HEAD} bytes of headers",
    ConnectionRefusedError: "connection refused",
    ConnectionError: "connection closed without an answer",
    http.client.HTTPException: "answered with something that is not HTTP",
}


def of_status(status: int) -> str:
    """Return why an answer with that status is a failure."""
    if status == HTTPStatus.GONE:
        return "answered 410: gone"
    if 300 <= status < 400:
        return f"answered {status}: redirections are not followed"
    return f"answered {status}"


def of_error(error: Exception, timeout: float) -> str:
    """Return why there was no answer.

    :param timeout: seconds that the delivery might take.
    """
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    if isinstance(error, socket.gaierror):
        return f"the name of the host cannot be resolved: {error.strerror}"
    if isinstance(error, ssl.SSLError):
        return _of_tls(error)
    for kind, sentence in SENTENCES.items():
        if isinstance(error, kind):
            return sentence
    if isinstance(error, OSError) and error.errno is not None:
        return f"no connection: {os.strerror(error.errno)}"
    return f"failed: {type(error).__name__}"


def _of_tls(error: ssl.SSLError) -> str:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS failed: {(error.reason or 'unknown').replace('_', ' ').lower()}"
    if error.verify_code == EXPIRED:
        return "certificate expired"
    return f"certificate refused: {error.verify_message.rstrip('.')}"
