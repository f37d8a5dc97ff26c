# SPDX-License-Identifier: Apache-2.0
"""Engines as the service opens them."""

import pytest
from sqlalchemy import create_engine, exc, make_url, text

from faafo.db.engine import engine_options


@pytest.mark.parametrize("url", ["sqlite://", "mysql+pymysql://host/faafo"])
def test_the_error_of_a_statement_shows_no_values(url):
    assert engine_options(make_url(url))["hide_parameters"]
    engine = create_engine("sqlite://", **engine_options(make_url("sqlite://")))
    with pytest.raises(exc.OperationalError) as caught, engine.connect() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:secret)"), {"secret": "S3Cret"})
    assert "nowhere" in str(caught.value)
    assert "S3C" not in str(caught.value)
    engine.dispose()
