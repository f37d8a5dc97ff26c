# SPDX-License-Identifier: Apache-2.0
"""Rules about fractals, by REST or on pages."""

from oslo_policy.policy import RuleDefault

from faafo.policies.base import ADMIN, MEMBER, MEMBER_OR_SERVICE, READER_OR_SERVICE, SERVICE, rule

rules = [
    RuleDefault(
        "fractal:all_projects",
        ADMIN,
        "See and change fractals of other projects, and those of no project.",
        scope_types=["project"],
    ),
    rule(
        "fractal:list",
        READER_OR_SERVICE,
        "List and search fractals, show the gallery.",
        "GET /api/fractal",
        "GET /api/film",
        "GET /",
    ),
    rule(
        "fractal:get",
        READER_OR_SERVICE,
        "Show a fractal.",
        "GET /api/fractal/{uuid}",
        "GET /fractal/{uuid}",
    ),
    rule(
        "fractal:create",
        MEMBER_OR_SERVICE,
        "Post fractals.",
        "POST /api/fractal",
        "POST /api/fractals",
        "POST /api/film",
        "GET /new",
        "POST /new",
    ),
    rule(
        "fractal:report",
        SERVICE,
        "Record the result of an attempt, or its fault.",
        "PUT /api/fractal/{uuid}",
        "PATCH /api/fractal/{uuid}",
    ),
    rule(
        "fractal:retry",
        MEMBER,
        "Queue a fractal in error again.",
        "POST /api/fractal/{uuid}/retry",
        "POST /fractal/{uuid}/retry",
        "POST /fractals/retry",
    ),
    rule(
        "fractal:retry_all",
        ADMIN,
        "Queue all fractals in error again, those of all projects.",
        "POST /system/retry",
    ),
    rule(
        "fractal:share",
        MEMBER,
        "Let all projects see a fractal, or no longer.",
        "PUT /api/fractal/{uuid}/shared",
        "POST /fractal/{uuid}/share",
    ),
    rule(
        "fractal:delete",
        MEMBER,
        "Delete a fractal and its image.",
        "DELETE /api/fractal/{uuid}",
        "GET /fractal/{uuid}/delete",
        "POST /fractal/{uuid}/delete",
        "POST /fractals/delete",
    ),
]
