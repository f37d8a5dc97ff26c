# SPDX-License-Identifier: Apache-2.0
"""The application follows the configuration: its limits of bodies, and what options must fit."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flask import Flask
from oslo_config import cfg

from faafo.core import settings
from faafo.core.collaborators import collaborators
from faafo.core.receivers import check_retention


class Live(settings.Live, Protocol):
    """The configuration of the process, which may change."""

    conf: cfg.ConfigOpts

    def require(self, check: Callable[[dict[str, Any]], None]) -> None:
        """Refuse files and settings for which ``check`` raises a ConfigurationError."""
        ...

    def on_change(self, act: Callable[[], None]) -> None:
        """Call ``act`` after each change of an option."""
        ...


def follow(app: Flask, live: Live) -> None:
    """Have ``app`` follow ``live``."""
    with app.app_context():
        collaborators().settings.follow(live)
    live.require(_check)
    live.on_change(lambda: configure(app, live.conf))


def configure(app: Flask, conf: cfg.ConfigOpts) -> None:
    """Give Flask the options that it looks up itself."""
    app.config["MAX_CONTENT_LENGTH"] = conf.api.max_body_size
    app.config["ACCEPT_IMAGES"] = conf.api.accept_images
    app.config["MAX_IMAGE_SIZE"] = conf.api.max_image_size


def _check(values: Mapping[str, Any]) -> None:
    check_retention(values["events.retention"], values["webhook.retry_schedule"])
