# SPDX-License-Identifier: Apache-2.0
"""What is left of posters and films, and must not be: in the database, and in the store."""

from collections.abc import Sequence

from sqlalchemy import Row, create_engine, text

from faafo.db.url import parse_url
from tests.chaos.site import Site
from tests.functional.processes import run

PARTS = "SELECT COUNT(*) FROM fractal AS part WHERE part.parent = fractal.uuid"
ENDED = "('complete', 'error')"
# Whatever was done, when all is at rest.
WRONG = {
    "parents that have not ended": f"children > 0 AND status NOT IN {ENDED}",
    "parts that have not ended": f"parent IS NOT NULL AND status NOT IN {ENDED}",
    "parts without a parent": "parent IS NOT NULL AND parent NOT IN (SELECT uuid FROM "
    "(SELECT uuid FROM fractal WHERE children > 0) AS parents)",
    "parents without all their parts": f"children > 0 AND children <> ({PARTS})",
    "wrong counts of open parts": "children > 0 AND open_children <> "
    f"({PARTS} AND part.status <> 'complete')",
    "complete parents with open parts": "children > 0 AND status = 'complete' AND "
    "open_children <> 0",
}
# Parts of these may be needed by a retry.
IN_ERROR = (
    "SELECT uuid FROM fractal WHERE parent IN (SELECT uuid FROM "
    "(SELECT uuid FROM fractal WHERE children > 0 AND status = 'error') AS failed)"
)


def every(site: Site, query: str) -> Sequence[Row]:
    """Return the rows of a query of the site's database."""
    engine = create_engine(parse_url(site.database_url))
    try:
        with engine.connect() as connection:
            return connection.execute(text(query)).all()
    finally:
        engine.dispose()


def wrong(site: Site) -> list[str]:
    """Return what is wrong in the database of a site that is at rest."""
    counts = {
        what: every(site, f"SELECT COUNT(*) FROM fractal WHERE {where}")[0][0]
        for what, where in WRONG.items()
    }
    return [f"{number} {what}" for what, number in counts.items() if number]


def sweep(site: Site) -> list[str]:
    """Have ``store sweep`` delete what nothing needs; return what is left of that."""
    config = site.directory / "api-1.conf"
    command = ("store", "sweep", "--older-than", "0")
    swept = run(site.directory, "faafo-manage", "--config-file", config, *command)
    needed = {one.uuid for one in every(site, IN_ERROR)}
    known = {one.uuid for one in every(site, "SELECT uuid FROM fractal")}
    names = [path.name for path in site.images.iterdir()]
    segments = [one for one in names if ".segment" in one and one[:36] not in needed]
    strangers = [one for one in names if one.endswith(".png") and one[:36] not in known]
    counts = {"segments": len(segments), "images of no record": len(strangers)}
    problems = [f"{number} {what}" for what, number in counts.items() if number]
    return problems + ([f"the sweep ended with {swept.returncode}"] if swept.returncode else [])
