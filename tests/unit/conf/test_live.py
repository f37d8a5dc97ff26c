# SPDX-License-Identifier: Apache-2.0
"""A running service follows its files and settings, and refuses what is invalid."""

import logging
import os
import re
import threading
from pathlib import Path

import pytest
from oslo_config import cfg

from faafo import errors, logs, process

FIRST = "[DEFAULT]\ninterval = 3\nmin_tasks = 2\n[webhook]\nretry_schedule = 1,2\n"


@pytest.fixture(autouse=True)
def _clean(monkeypatch, caplog):
    """Give each test a configuration of its own, as a process has, and leave logging to pytest."""
    monkeypatch.setattr(cfg, "CONF", cfg.ConfigOpts())
    monkeypatch.setattr(logs.logging, "setup", lambda *_arguments: None)
    caplog.set_level("INFO")
    yield
    logging.captureWarnings(False)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "producer.conf"
    path.write_text(FIRST)
    return path


@pytest.fixture
def live(path):
    return prepared(path)


def prepared(path, *more):
    """Return the configuration of a producer, without what applies log levels to this process."""
    cfg.CONF = cfg.ConfigOpts()
    live = process.prepare_live("faafo-producer", ["--config-file", str(path), *more])
    live._changed.clear()
    live.follow(stopped(), threading.Event())
    return live


def stopped():
    event = threading.Event()
    event.set()
    return event


def look(live, times=2):
    for _ in range(times):
        live.look()


def errors_of(caplog):
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]


def test_a_changed_file_takes_effect_once_two_looks_agree(live, path, caplog):
    assert live.conf.interval == 3.0
    path.write_text(FIRST.replace("3", "4"))
    live.look()
    assert live.conf.interval == 3.0
    live.look()
    assert live.conf.interval == 4.0
    assert "has changed: [DEFAULT] interval = 4.0" in caplog.text


def test_a_value_that_a_file_does_not_give_any_more_is_the_default_again(live, path):
    path.write_text("[DEFAULT]\n")
    look(live)
    assert (live.conf.interval, live.conf.min_tasks) == (10.0, 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[DEFAULT]\ninterval = soon\nmin_tasks = 7\n", "[DEFAULT] interval: "),
        ("[DEFAULT]\nmin_tasks = 7\ninterval = 0\n", "[DEFAULT] interval: "),
        ("[DEFAULT]\nmin_tasks = 7\ninterval = nan\n", "[DEFAULT] interval: "),
        ("[DEFAULT]\nmin_tasks = 7\npalettes = ember,\x1b\n", "[DEFAULT] palettes: "),
        ("[DEFAULT]\nmin_tasks = 7\n[worker]\nname = a\\\n[", "line 5: "),
        ("[DEFAULT]\nmin_tasks = 7\ndefault_log_levels = a=LOUD\n", "default_log_levels = a=LOUD"),
        ("[DEFAULT]\nmin_tasks = 7\ninterval = $nothing\n", "there is no option $nothing"),
        ("min_tasks = 7\n", "line 1: "),
    ],
)
def test_a_bad_file_has_no_effect_and_one_line(live, path, caplog, text, line):
    path.write_text(text)
    look(live, 5)
    assert (live.conf.interval, live.conf.min_tasks) == (3.0, 2)
    (logged,) = errors_of(caplog)
    assert f"the change of {path} takes no effect: " in logged
    assert line in logged
    path.write_text(FIRST.replace("3", "5"))
    look(live)
    assert live.conf.interval == 5.0


def test_a_secret_of_a_bad_file_is_not_logged(live, path, caplog):
    path.write_text(
        "[DEFAULT]\nendpoint_url = http://me:secretsecret@[::\ntransport_url secretsecret"
    )
    look(live)
    path.write_text("[DEFAULT]\nendpoint_url = http://me:secretsecret@[::\n")
    look(live)
    assert len(errors_of(caplog)) == 2
    path.write_text("[DEFAULT]\ndatabase_url = mysql://me:secretsecret@host/faafo\n")
    look(live)
    assert "[DEFAULT] database_url has changed: it needs a restart" in caplog.text
    assert "secretsecret" not in caplog.text


def test_a_file_that_is_away_or_unreadable_for_a_moment_changes_nothing(live, path, caplog):
    path.rename(path.with_suffix(".old"))
    look(live)
    (line,) = errors_of(caplog)
    assert f"configuration file {path}: No such file or directory" in line
    path.mkdir()
    look(live)
    path.rmdir()
    assert live.conf.interval == 3.0
    path.with_suffix(".old").rename(path)
    look(live)
    assert (live.conf.interval, live.conf.min_tasks) == (3.0, 2)


def test_a_link_that_is_swapped_is_a_change(tmp_path):
    for name, interval in (("first", 3), ("second", 4)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "faafo.conf").write_text(f"[DEFAULT]\ninterval = {interval}\n")
    data, path = tmp_path / "..data", tmp_path / "faafo.conf"
    data.symlink_to("first")
    path.symlink_to("..data/faafo.conf")
    live = prepared(path)
    (tmp_path / "..new").symlink_to("second")
    os.replace(tmp_path / "..new", data)
    look(live)
    assert live.conf.interval == 4.0


def test_files_of_a_directory_come_and_go(path, tmp_path):
    more = tmp_path / "more"
    more.mkdir()
    live = prepared(path, "--config-dir", str(more))
    (more / "a.conf").write_text("[DEFAULT]\ninterval = 8\n")
    look(live)
    assert live.conf.interval == 8.0
    (more / "a.conf").unlink()
    look(live)
    assert live.conf.interval == 3.0


def test_what_is_not_live_keeps_its_value_and_one_line_asks_for_a_restart(live, path, caplog):
    path.write_text(FIRST + "[producer]\nlease_duration = 20\n")
    look(live, 4)
    assert live.conf.producer.lease_duration == 30.0
    assert caplog.text.count("[producer] lease_duration has changed: it needs a restart") == 1
    path.write_text(FIRST)
    look(live)
    assert caplog.text.count("needs a restart") == 1


def test_settings_precede_command_line_environment_and_files(path, monkeypatch):
    monkeypatch.setenv("OS_DEFAULT__MIN_TASKS", "4")
    monkeypatch.setenv("OS_DEFAULT__MAX_TASKS", "5")
    live = prepared(path, "--interval", "6", "--max-tasks", "7")
    conf = live.conf
    look(live)
    assert (conf.interval, conf.min_tasks, conf.max_tasks) == (6.0, 4, 7)
    live.apply_settings(*(1, {"interval": "8", "min_tasks": "9", "max_tasks": "10"}))
    assert (conf.interval, conf.min_tasks, conf.max_tasks) == (8.0, 9, 10)
    path.write_text(FIRST + "[worker]\nslots = 3\n")
    look(live)
    assert (conf.interval, conf.worker.slots) == (8.0, 3)
    live.apply_settings(*(2, {}))
    assert (conf.interval, conf.min_tasks, conf.max_tasks) == (6.0, 4, 7)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("intervall", "1", "no option that can be set"),
        ("producer.lease_duration", "20", "no option that can be set"),
        ("database_url", "sqlite://", "no option that can be set"),
        ("log_config_append", "a", "no option that can be set"),
        ("interval", "0", "[DEFAULT] interval = 0: Should be greater than or equal to 0.01"),
        ("interval", "inf", "[DEFAULT] interval = inf"),
        ("worker.slots", "1001", "1000"),
        ("palettes", "ember,$state_path", "palettes"),
        ("webhook.retry_schedule", "1,nan", "finite"),
        ("webhook.retry_schedule", "900000", "[events] retention = 604800"),
        ("debug", "perhaps", "[DEFAULT] debug = perhaps"),
    ],
)
def test_a_bad_setting_is_refused_and_has_no_effect(live, caplog, name, text, words):
    live.require(lambda values: check(values))
    with pytest.raises(errors.InvalidSetting) as caught:
        live.check_setting(name, text)
    assert words in str(caught.value)
    before = live.configuration
    live.apply_settings(*(1, {name: text, "min_tasks": "3"}))
    live.apply_settings(*(2, {name: text, "min_tasks": "3"}))
    assert live.conf.min_tasks == 3
    assert len(errors_of(caplog)) == 1
    assert live.configuration.startswith("2-")
    assert live.configuration != before


def check(values):
    if sum(values["webhook.retry_schedule"]) > values["events.retention"]:
        raise errors.ConfigurationError(f"[events] retention = {values['events.retention']:.0f}")


def test_settings_that_are_valid_only_together_all_take_effect(live, path, caplog):
    path.write_text(FIRST.replace("1,2", "5000"))
    look(live)
    live.require(check)
    retention, schedule = {"events.retention": "3000"}, {"webhook.retry_schedule": "1000"}
    live.apply_settings(*(1, schedule | retention))
    assert (live.conf.events.retention, live.conf.webhook.retry_schedule) == (3000.0, [1000.0])
    assert errors_of(caplog) == []


def test_a_setting_that_is_no_longer_valid_without_another_is_said(live, path, caplog):
    path.write_text(FIRST.replace("1,2", "5000"))
    look(live)
    live.require(check)
    retention, schedule = {"events.retention": "3000"}, {"webhook.retry_schedule": "1000"}
    live.apply_settings(*(1, schedule | retention))
    live.apply_settings(*(2, retention))
    live.apply_settings(*(3, retention))
    assert live.conf.events.retention == 604_800.0
    assert len(errors_of(caplog)) == 1


def test_a_file_that_does_not_fit_the_settings_is_refused(live, path, caplog):
    live.require(check)
    live.apply_settings(*(1, {"webhook.retry_schedule": "1000"}))
    path.write_text("[DEFAULT]\ninterval = 4\n[events]\nretention = 900\n")
    look(live)
    assert live.conf.interval == 3.0
    assert "takes no effect: [events] retention = 900" in caplog.text


def test_a_value_that_a_reader_has_put_back_into_the_cache_is_replaced(live, path):
    path.write_text(FIRST.replace("3", "4"))
    look(live)
    # What a thread does that was reading the option while it changed.
    live.conf._ConfigOpts__cache["interval", None] = 3.0
    live.conf.set_override("interval", 3.0)
    look(live, 1)
    assert live.conf.interval == 4.0


def test_levels_of_logs_follow(path):
    live = process.prepare_live("faafo-producer", ["--config-file", str(path)])
    root, library = logging.getLogger(), logging.getLogger("faafo_test_library")
    before = {one: one.level for one in (root, library)}
    try:
        live.apply_settings(*(1, {"debug": "true"}))
        assert root.level == logging.DEBUG
        live.apply_settings(*(2, {"default_log_levels": "faafo_test_library=ERROR"}))
        assert (root.level, library.level) == (logging.INFO, logging.ERROR)
        live.apply_settings(*(3, {}))
        assert library.level == logging.NOTSET
    finally:
        for one, level in before.items():
            one.setLevel(level)


def test_reading_again_is_at_once(live, path, caplog):
    path.write_text(FIRST.replace("3", "4"))
    live.reload()
    assert live.conf.interval == 4.0


def test_the_page_names_every_option_that_is_live(live):
    page = (Path(__file__).parents[3] / "doc/source/admin/live-configuration.rst").read_text()
    table = page.partition("What is live")[2].partition(":widths:")[2]
    first_cells = re.findall(r"^   \* - (.*)$", table, re.MULTILINE)
    named = [name for cell in first_cells for name in re.findall("``(.*?)``", cell)]
    assert sorted(named) == sorted(live._live)
