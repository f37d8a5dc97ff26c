# SPDX-License-Identifier: Apache-2.0
"""Opening an image store: the scheme of ``[store] url`` selects the driver."""

import importlib

from oslo_config import cfg

from faafo import errors
from faafo.store.base import ImageStore, ImageWriter
from faafo.store.filesystem import FilesystemStore
from faafo.urls import masked

OPTION = "[store] url"
# Imported when they are used: their dependencies are heavy, or not installed.
DRIVERS = {"api": "faafo.store.api", "file": "faafo.store.filesystem", "s3": "faafo.store.s3"}
EXTRAS = {"s3": "faafo[s3]"}


def open_writer(conf: cfg.ConfigOpts, owner: str) -> ImageWriter:
    """Return the store that a worker writes to.

    :param owner: name of the writer; no two processes may write under one name at a time.
    :raises faafo.errors.ConfigurationError: when ``[store] url`` is invalid, or a dependency of
        its driver is not installed.
    """
    if not conf.store.url:
        return FilesystemStore(conf.filesystem_store_datadir, owner)
    scheme = conf.store.url.partition("://")[0]
    if "://" not in conf.store.url or scheme not in DRIVERS:
        raise refused(conf, f"must begin with {', '.join(f'{one}://' for one in sorted(DRIVERS))}")
    try:
        driver = importlib.import_module(DRIVERS[scheme])
    except ImportError as error:
        extra = EXTRAS.get(scheme, "faafo")
        raise refused(conf, f"{error}; install it with: pip install '{extra}'") from None
    try:
        return driver.from_conf(conf, owner)
    except ValueError as error:
        raise refused(conf, str(error)) from None


def open_store(conf: cfg.ConfigOpts, owner: str = "") -> ImageStore:
    """Return a store that can also be read, for the API and its tools.

    :raises faafo.errors.ConfigurationError: as ``open_writer``, and when the URL is ``api://``.
    """
    store = open_writer(conf, owner)
    if not isinstance(store, ImageStore):
        raise refused(conf, "is for workers; the API itself needs file:// or s3://")
    return store


def refused(conf: cfg.ConfigOpts, why: str) -> errors.ConfigurationError:
    """Return the error that says what is wrong with the URL."""
    return errors.ConfigurationError(f"{OPTION} = {masked(conf.store.url)}: {why}")
