# SPDX-License-Identifier: Apache-2.0
"""A controller and two workers: installed, run again, rebooted, cut off and updated for real."""

import contextlib
import os
import stat
import threading
from collections.abc import Iterator

import pytest
import requests

from tests.deploy.background import Stream, Watch
from tests.deploy.hosts import Base, Host, run
from tests.deploy.site import LARGE, Site, changes, workers_of
from tests.functional.processes import wait_until

FRACTALS = 30
CUT_SECONDS = 30
WORKERS = ["worker1", "worker2"]
PASSWORDS = ("database", "messaging", "messaging_admin", "admin", "service", "redis")
GROUPS = {
    **dict.fromkeys(
        ("database", "messaging", "api", "producer", "notifier", "webinterface"), ["controller"]
    ),
    "worker": WORKERS,
}


@pytest.fixture(scope="module")
def site(base: Base) -> Iterator[Site]:
    """Boot the hosts."""
    with contextlib.ExitStack() as stack:
        names = ["controller", *WORKERS]
        hosts = [stack.enter_context(Host(base, one, 10 + i)) for i, one in enumerate(names)]
        for host in hosts:
            host.wait_until_up()
        yield Site(base, base.directory / "three", hosts, GROUPS)


@pytest.fixture(scope="module")
def first_run(site: Site, request: pytest.FixtureRequest) -> tuple[str, set[str]]:
    """Run the playbook; return its output, and the command lines that were seen meanwhile."""
    with Watch() as watch:
        output = site.play()
    # From here on there is much waiting: the tests of one host can be prepared.
    request.getfixturevalue("one_host")
    return output, watch.seen


@pytest.mark.usefixtures("first_run")
def test_fractals_are_rendered_by_both_workers_and_come_through_nginx(site: Site) -> None:
    records = site.wait_until_complete(site.post(FRACTALS))
    site.check_images(records)
    assert workers_of(records) == set(WORKERS)


def test_no_password_is_seen(site: Site, first_run: tuple[str, set[str]]) -> None:
    output, command_lines = first_run
    secrets = site.secrets()
    assert set(secrets) == {f"{name}_password" for name in PASSWORDS}
    directory = site.inventory.parent / "secrets"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for path in directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for secret in secrets.values():
        assert len(secret) >= 32
        assert secret not in output
        assert not [line for line in command_lines if secret in line]
        for host in site.hosts.values():
            pattern = f"grep --recursive --files-with-matches --fixed-strings {secret} "
            assert host.ssh(f"journalctl | {pattern} - || true") == ""
            found = host.ssh(f"{pattern} /etc /opt/faafo/*.sh /var/log /tmp /root || true").split()
            for name in found:
                assert name.startswith("/etc/faafo/"), name
                assert host.ssh(f"stat --format '%a %U %G' {name}") == "640 root faafo\n"


def test_whoever_runs_the_playbook_learns_where_the_password_is(
    site: Site, first_run: tuple[str, set[str]]
) -> None:
    output, _command_lines = first_run
    assert f"The password is in {site.inventory.parent}/secrets/admin_password" in output
    assert requests.get(f"{site.url}/api/fractal", timeout=10).status_code == 401


@pytest.mark.usefixtures("first_run")
def test_services_know_every_option_that_the_templates_set(site: Site) -> None:
    for host in site.hosts.values():
        assert host.ssh("journalctl --unit 'faafo-*' --grep 'unknown option' --quiet || true") == ""


@pytest.mark.usefixtures("first_run")
def test_the_broker_has_no_guest_and_an_interface_for_its_administrator(site: Site) -> None:
    url = f"http://{site.hosts['controller'].address}:15672/api/vhosts"
    assert requests.get(url, auth=("guest", "guest"), timeout=10).status_code == 401
    password = site.secrets()["messaging_admin_password"]
    names = [one["name"] for one in requests.get(url, auth=("admin", password), timeout=10).json()]
    assert "faafo" in names


@pytest.mark.usefixtures("first_run")
def test_nobody_sends_images_from_outside(site: Site) -> None:
    (uuid,) = site.post(1)
    url = f"{site.url}/api/fractal/{uuid}/image"
    answer = requests.put(url, data=b"", auth=site.login(), timeout=10)
    assert answer.status_code == 403


@pytest.mark.usefixtures("first_run")
def test_a_second_run_changes_nothing(site: Site) -> None:
    assert changes(site.play()) == dict.fromkeys(site.hosts, 0)


@pytest.mark.usefixtures("first_run")
def test_a_worker_that_lost_its_power_comes_back(site: Site) -> None:
    uuids = site.post(FRACTALS, LARGE)
    wait_until_it_renders(site.hosts["worker1"])
    site.hosts["worker1"].lose_power()
    records = site.wait_until_complete(uuids)
    assert any(record["attempt"] > 1 for record in records), "nothing was under way"
    wait_until(lambda: "worker1" in workers_of(again(site)), "worker1 to render again", 120)


@pytest.mark.usefixtures("first_run")
def test_everything_comes_back_after_the_controller_was_rebooted(site: Site) -> None:
    before = site.post(FRACTALS, LARGE)
    wait_until_it_renders(site.hosts["worker1"])
    site.hosts["controller"].reboot()
    wait_until(lambda: answers(site), "the API to be well", 120)
    after = site.post(FRACTALS)
    site.check_images(site.wait_until_complete([*before, *after]))


@pytest.mark.usefixtures("first_run")
def test_a_worker_recovers_from_a_cut_link(site: Site) -> None:
    uuids = site.post(FRACTALS, LARGE)
    wait_until_it_renders(site.hosts["worker2"])
    site.hosts["worker2"].cut()
    threading.Event().wait(CUT_SECONDS / 2)
    uuids += site.post(FRACTALS)
    threading.Event().wait(CUT_SECONDS / 2)
    site.hosts["worker2"].heal()
    site.check_images(site.wait_until_complete(uuids))
    wait_until(lambda: "worker2" in workers_of(again(site)), "worker2 to render again", 120)


@pytest.mark.usefixtures("first_run")
def test_a_rolling_update_loses_nothing(base: Base, site: Site) -> None:
    wheel = next_version(base)
    with Stream(site) as stream:
        site.play(faafo_wheel=wheel)
    site.check_images(site.wait_until_complete(stream.uuids))
    print(f"{len(stream.uuids)} fractals taken during the update, {stream.refused} refused")
    assert stream.uuids
    for host in site.hosts.values():
        (release,) = host.ssh("ls /opt/faafo/releases").split()
        version = host.ssh(f"/opt/faafo/releases/{release}/bin/faafo-worker --version")
        assert version == "99.0.0\n"
    times = [started_and_stopped(site.hosts[name]) for name in WORKERS]
    (stopped_1, started_1), (stopped_2, started_2) = times
    assert stopped_1 < started_1 <= stopped_2 < started_2


def next_version(base: Base) -> str:
    """Build the same once more, as another version."""
    environment = {**os.environ, "PBR_VERSION": "99.0.0"}
    return run(base.checkout / "tools/build-wheel", env=environment).strip()


def started_and_stopped(host: Host) -> tuple[int, int]:
    """Return when the worker was last stopped, and when it was ready again, in microseconds."""
    names = ("ActiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    shown = host.ssh(f"systemctl show faafo-worker --property {','.join(names)}")
    values = dict(line.split("=") for line in shown.split())
    return tuple(int(values[name]) for name in names)


def wait_until_it_renders(host: Host) -> None:
    """Wait until a worker is in the middle of a render."""

    def under_way() -> bool:
        log = host.ssh("journalctl --unit faafo-worker --boot --output cat")
        return log.count("processing task ") > log.count(" processed in ")

    wait_until(under_way, f"{host.name} to render")


def answers(site: Site) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{site.url}/healthcheck", timeout=5).ok
    return False


def again(site: Site) -> list[dict]:
    """Have some more rendered."""
    return site.wait_until_complete(site.post(8))
