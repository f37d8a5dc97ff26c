# SPDX-License-Identifier: Apache-2.0
"""Tokens that this service has issued: their digests, whose they are, and when they expire."""

from sqlalchemy import delete, insert, select

from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.operation_models import AccessToken


@retry_on_deadlock
def add(session: Session, digest: str, user_id: str, fingerprint: str, seconds: float) -> None:
    """Store a token for ``seconds``; forget those that have expired.

    :param fingerprint: of the secret that the user has proved to know.
    """
    session.execute(delete(AccessToken).where(AccessToken.expires_at < moment()))
    values = {"digest": digest, "user_id": user_id, "fingerprint": fingerprint}
    session.execute(insert(AccessToken).values(**values, expires_at=moment(seconds)))
    session.commit()


def find(session: Session, digest: str) -> AccessToken | None:
    """Return the token with that digest unless it has expired."""
    query = select(AccessToken).where(AccessToken.digest == digest)
    return session.scalar(query.where(AccessToken.expires_at > moment()))


@retry_on_deadlock
def remove(session: Session, digest: str) -> None:
    """Forget a token; no error when there is none."""
    session.execute(delete(AccessToken).where(AccessToken.digest == digest))
    session.commit()
