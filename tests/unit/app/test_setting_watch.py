# SPDX-License-Identifier: Apache-2.0
"""How a process of the API looks at settings: what another one has set, and a database away."""

import pytest
from sqlalchemy import text

from faafo.app import settings
from faafo.app.setting_watch import SettingWatch
from faafo.conf.live import LiveConfiguration
from faafo.conf.scratch import Source
from faafo.db import db
from faafo.db import settings as stored


@pytest.fixture
def watch(app, conf):
    settings.follow(app, LiveConfiguration(conf, Source("faafo-api", "1.0", [], []), ()))
    return SettingWatch(app)


def test_a_setting_of_another_process_is_applied_and_one_that_is_unknown_does_no_harm(
    app, conf, watch, caplog
):
    with app.app_context():
        stored.put(db.session, "of.later.version", "1")
        stored.put(db.session, "interval", "2.5")
    watch.look()
    watch.look()
    assert conf.interval == 2.5
    assert caplog.text.count("a setting takes no effect: name: 'of.later.version'") == 1


def test_settings_are_looked_at_with_requests_where_there_are_no_threads(app, conf, watch):
    watch.look_with_requests()
    with app.app_context():
        stored.put(db.session, "api.max_width", "100")
    assert app.test_client().get("/api/setting").status_code == 200
    assert conf.api.max_width == 100


def test_a_database_that_is_away_changes_nothing_and_is_one_line(app, conf, watch, caplog):
    with app.app_context():
        stored.put(db.session, "interval", "2.5")
    watch.look()
    with app.app_context():
        db.session.execute(text("DROP TABLE setting_version"))
        db.session.commit()
    watch.look()
    watch.look()
    assert conf.interval == 2.5
    assert caplog.text.count("could not look at the settings") == 1
