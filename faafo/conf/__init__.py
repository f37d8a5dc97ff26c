# SPDX-License-Identifier: Apache-2.0
"""Every option of faafo, one module per group."""

from collections.abc import Callable, Iterable
from itertools import chain

from oslo_config import cfg

from faafo.conf import (
    api,
    auth,
    client,
    database,
    events,
    joins,
    log,
    messaging,
    metrics,
    notifier,
    producer,
    quota,
    reader,
    service,
    store,
    tiles,
    tracing,
    webhook,
    worker,
)

_MODULES = (
    api,
    auth,
    client,
    database,
    events,
    joins,
    log,
    messaging,
    metrics,
    notifier,
    producer,
    quota,
    reader,
    service,
    store,
    tiles,
    tracing,
    webhook,
    worker,
)

Listing = list[tuple[str, list[cfg.Opt]]]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register every option with ``conf``: services may share one configuration file."""
    for module in _MODULES:
        module.register_opts(conf)


def list_opts() -> Listing:
    """Return all options by group."""
    return _merge(module.list_opts for module in _MODULES)


def list_api_opts() -> Listing:
    """Return the options of api.conf, for oslo-config-generator."""
    return _merge(
        (
            api.list_opts,
            service.list_opts,
            auth.list_opts,
            quota.list_opts,
            tiles.list_api_opts,
            webhook.list_opts,
            events.list_api_opts,
            database.list_opts,
            reader.list_api_opts,
            store.list_opts,
            metrics.list_opts,
            tracing.list_opts,
            log.list_opts,
        )
    )


def list_notifier_opts() -> Listing:
    """Return the options of notifier.conf, for oslo-config-generator."""
    return _merge(
        (
            client.list_opts,
            service.list_service_opts,
            notifier.list_opts,
            webhook.list_notifier_opts,
            events.list_bus_opts,
            metrics.list_opts,
            tracing.list_opts,
            log.list_opts,
        )
    )


def list_producer_opts() -> Listing:
    """Return the options of producer.conf, for oslo-config-generator."""
    return _merge(
        (
            client.list_opts,
            producer.list_opts,
            service.list_service_opts,
            messaging.list_opts,
            joins.list_opts,
            metrics.list_opts,
            tracing.list_opts,
            log.list_opts,
        )
    )


def list_worker_opts() -> Listing:
    """Return the options of worker.conf, for oslo-config-generator."""
    return _merge(
        (
            worker.list_opts,
            tiles.list_worker_opts,
            store.list_opts,
            client.list_opts,
            messaging.list_opts,
            joins.list_opts,
            metrics.list_opts,
            tracing.list_opts,
            log.list_opts,
        )
    )


def list_reader_opts() -> Listing:
    """Return the options of reader.conf, for oslo-config-generator."""
    return _merge(
        (
            reader.list_opts,
            client.list_opts,
            service.list_service_opts,
            events.list_bus_opts,
            metrics.list_opts,
            log.list_opts,
        )
    )


def _merge(listings: Iterable[Callable[[], Listing]]) -> Listing:
    merged: dict[str, list[cfg.Opt]] = {}
    for group, opts in chain.from_iterable(listing() for listing in listings):
        merged.setdefault(group, []).extend(opts)
    return list(merged.items())
