# SPDX-License-Identifier: Apache-2.0
"""The thread that samples the load."""

import logging

import pytest
from sqlalchemy import text

from faafo.app.sampler import Sampler
from faafo.db import db
from faafo.db.operation_models import Sample


@pytest.fixture
def sampler(app):
    return Sampler(app)


def test_a_started_sampler_stores_a_sample(app, sampler, wait_until):
    sampler.start()

    def is_sampled():
        with app.app_context():
            return db.session.query(Sample).count() == 1

    try:
        wait_until(is_sampled)
    finally:
        sampler.stop()


def test_a_database_that_fails_is_one_line_until_it_is_back(app, sampler, caplog):
    with app.app_context():
        db.session.execute(text("ALTER TABLE sample RENAME TO other"))
        db.session.commit()
    caplog.set_level(logging.WARNING)
    sampler.sample()
    sampler.sample()
    with app.app_context():
        db.session.execute(text("ALTER TABLE other RENAME TO sample"))
        db.session.commit()
    sampler.sample()
    assert [one.getMessage() for one in caplog.records] == [
        "could not sample the load: OperationalError"
    ]
