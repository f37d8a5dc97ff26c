# SPDX-License-Identifier: Apache-2.0
"""The start of tracing, which loads the library of OpenTelemetry only if a collector is set."""

from oslo_config import cfg

from faafo import errors
from faafo.tracing import spans
from faafo.urls import masked


def start(conf: cfg.ConfigOpts, service: str, version: str) -> None:
    """Record spans of ``service`` from now on, if ``conf`` names a collector.

    :raises faafo.errors.ConfigurationError: when the extra ``tracing`` is not installed.
    """
    options = conf.tracing
    if not options.otlp_endpoint:
        return
    try:
        from faafo.tracing import otlp  # noqa: PLC0415
    except ImportError as error:
        raise errors.ConfigurationError(
            f"[tracing] otlp_endpoint = {masked(options.otlp_endpoint)}: {error}; install it with: "
            "pip install 'faafo[tracing]'"
        ) from None
    spans.install(otlp.Recorder(options.otlp_endpoint, options.sample_ratio, service, version))
