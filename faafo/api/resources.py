# SPDX-License-Identifier: Apache-2.0
"""All resources of the REST API, in the order of the documentation."""

from flask_openapi import APIBlueprint

from faafo.api import (
    backlog,
    claim,
    collection,
    delivery,
    event,
    film,
    fractal,
    health,
    job,
    lock,
    maintenance,
    quota,
    service,
    setting,
    tile,
    token,
    version,
    webhook,
)

RESOURCES: tuple[APIBlueprint, ...] = (
    fractal.blueprint,
    film.blueprint,
    job.blueprint,
    event.blueprint,
    collection.blueprint,
    webhook.blueprint,
    claim.blueprint,
    delivery.blueprint,
    lock.blueprint,
    maintenance.blueprint,
    tile.blueprint,
    quota.blueprint,
    service.blueprint,
    backlog.blueprint,
    setting.blueprint,
    token.blueprint,
    health.blueprint,
    version.blueprint,
)
