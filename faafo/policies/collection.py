# SPDX-License-Identifier: Apache-2.0
"""Rules about collections; a user sees and changes those of others as ``fractal:all_projects``."""

from faafo.policies.base import MEMBER, READER, rule

rules = [
    rule(
        "collection:list",
        READER,
        "List one's collections, and those that others share.",
        "GET /api/collection",
        "GET /collections",
    ),
    rule(
        "collection:get",
        READER,
        "Show a collection.",
        "GET /api/collection/{uuid}",
        "GET /api/collection/mine",
        "GET /collection/{uuid}",
        "GET /my",
    ),
    rule(
        "collection:create",
        MEMBER,
        "Make a collection.",
        "POST /api/collection",
        "POST /collections",
    ),
    rule(
        "collection:update",
        MEMBER,
        "Rename and share one's collections; put fractals into them, favourites too.",
        "PATCH /api/collection/{uuid}",
        "PUT /api/collection/{uuid}/fractal/{fractal}",
        "DELETE /api/collection/{uuid}/fractal/{fractal}",
        "POST /collection/{uuid}",
        "POST /collection/{uuid}/fractal/{fractal}",
        "POST /fractal/{uuid}/star",
    ),
    rule(
        "collection:delete",
        MEMBER,
        "Delete one's collections.",
        "DELETE /api/collection/{uuid}",
        "GET /collection/{uuid}/delete",
        "POST /collection/{uuid}/delete",
    ),
]
