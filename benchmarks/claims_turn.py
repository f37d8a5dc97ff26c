# SPDX-License-Identifier: Apache-2.0
"""``python claims_turn.py URL``: claims in turns, with whatever revision of faafo is imported.

Each line of the standard input is the number of claims and the fractals of each; each line of the
output is JSON: their CPU seconds in this process, and the rows that the server has read for them.
"""

import json
import sys
import time
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from faafo.db import claims, engine
from faafo.db.outcomes import RetryPolicy
from faafo.db.url import parse_url

POLICY = RetryPolicy(5, 1.0, 60.0)
DONE = text("UPDATE fractal SET status = 'complete' WHERE status = 'rendering'")


def main() -> None:
    """Claim until the input ends."""
    url = parse_url(sys.argv[1])
    made = create_engine(url, **engine.engine_options(url))
    if made.dialect.name == "sqlite":
        engine.tune_sqlite(made)
    with Session(made, expire_on_commit=False) as session:
        for line in sys.stdin:
            number, count = map(int, line.split())
            told = _claim(session, number, count)
            session.execute(DONE)
            session.commit()
            print(json.dumps(told), flush=True)


def _claim(session: Session, number: int, count: int) -> dict[str, Any]:
    rows, begun_at = _rows_read(session), time.process_time()
    for _ in range(number):
        claimed = claims.claim(session, "benchmark", count, 600.0, POLICY, _terms())
        assert len(claimed) == count, f"{len(claimed)} of {count} are claimed"
    seconds = time.process_time() - begun_at
    return {"seconds": seconds, "rows": _rows_read(session) - rows}


def _terms() -> Any:
    """Return what a producer of the revision with workers of the revision asks for."""
    if not hasattr(claims, "Terms"):
        return 2
    if "needs" not in claims.Terms.__dataclass_fields__:
        return claims.Terms(3)
    # Revisions before kinds do not have this module.
    from faafo.fractal.kinds import Need, TaskKind, in_order  # noqa: PLC0415

    return claims.Terms(5, needs=in_order(map(Need, TaskKind)))


def _rows_read(session: Session) -> int:
    if session.get_bind().dialect.name == "sqlite":
        return 0
    found = session.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'"))
    return sum(int(value) for _name, value in found)


if __name__ == "__main__":
    main()
