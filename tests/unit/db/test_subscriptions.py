# SPDX-License-Identifier: Apache-2.0
"""Who wants events, while others read it."""

import threading

from sqlalchemy import event

from faafo.db import db, delivery_log, posting, subscriptions, webhooks
from faafo.db.scope import NOBODY
from faafo.fractal.events import TYPES
from faafo.fractal.signing import new_secret

PATIENCE_SECONDS = 30


def test_a_webhook_is_known_though_another_thread_read_just_before_it_was_made(
    app, session, make_task
):
    has_read, may_go_on = threading.Event(), threading.Event()

    def hold(_connection, _cursor, statement, *_others):
        if threading.current_thread() is reader and "FROM subscription" in statement:
            has_read.set()
            assert may_go_on.wait(PATIENCE_SECONDS)

    def read():
        with app.app_context():
            subscriptions.current(db.session)

    reader = threading.Thread(target=read)
    event.listen(db.engine, "after_cursor_execute", hold)
    reader.start()
    assert has_read.wait(PATIENCE_SECONDS)
    url = "https://receiver.example/"
    made = webhooks.add(session, NOBODY, url, TYPES, None, new_secret())
    may_go_on.set()
    reader.join()
    event.remove(db.engine, "after_cursor_execute", hold)
    posting.post(session, make_task())
    told = [one.type for one in delivery_log.page(session, made.id, 10)]
    assert told == ["fractal.queued", "webhook.ping"]
