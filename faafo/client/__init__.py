# SPDX-License-Identifier: Apache-2.0
"""The HTTP clients of faafo's own API: ``Client`` is the public one."""

from faafo.client.backlog import Backlog
from faafo.client.client import Client
from faafo.client.collections import Collection
from faafo.client.locks import Lock
from faafo.client.login import TokenAuth
from faafo.client.maintenance import Maintenance
from faafo.client.results import Event, Fractal, Quota, Setting
from faafo.client.services import Service
from faafo.client.tokens import Token
from faafo.client.webhooks import Delivery, Webhook

__all__ = [
    "Backlog",
    "Client",
    "Collection",
    "Delivery",
    "Event",
    "Fractal",
    "Lock",
    "Maintenance",
    "Quota",
    "Service",
    "Setting",
    "Token",
    "TokenAuth",
    "Webhook",
]
