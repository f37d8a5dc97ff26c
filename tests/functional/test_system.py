# SPDX-License-Identifier: Apache-2.0
"""The page of the system in Chromium: killed workers turn red, a box blinks for each fractal."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from faafo.db import services
from faafo.db.services import Heartbeat
from faafo.fractal.service import Kind, service_id
from tests.functional.cluster import Cluster
from tests.functional.processes import SMALL_FRACTAL, wait_until
from tests.functional.servers import RabbitMQ
from tests.functional.test_gallery import (
    Visit,
    browser_type_launch_args,  # noqa: F401
)

SIZES = {390: 844, 1280: 800, 1920: 1080}
# Milliseconds for what takes a few seconds: other tests have the machine, too.
PATIENCE = 60_000
MANY = 200
HEARTBEAT = Heartbeat(
    Kind.WORKER, "many", "many:1", "rack", "1.0", age=60, slots=4, busy=2,
    report={"work": {"done": 9, "done_1": 1, "done_15": 9, "median_seconds": 0.2}},
)  # fmt: skip


@pytest.fixture(scope="module")
def cluster(rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API, a producer and two workers."""
    directory: Path = tmp_path_factory.mktemp("system")
    url = rabbitmq.virtual_host()
    with Cluster(directory, f"sqlite:///{directory}/faafo.sqlite", url) as cluster:
        cluster.start_api()
        cluster.start_producer(patient=True)
        for name in ("worker-a", "worker-b"):
            cluster.start_worker(name, rpc={"report_interval": 0.5}, worker={"name": name})
        yield cluster


@pytest.fixture
def visit(cluster: Cluster, new_context) -> Iterator[Visit]:
    """A visit that must not run into anything."""
    visit = Visit(new_context(viewport={"width": 1280, "height": 800}).new_page(), cluster.url)
    yield visit
    assert visit.troubles == []


def box(page: Page, name: str):
    return page.locator(f".box[data-name='{name}']")


def post(cluster: Cluster, count: int) -> list[str]:
    answer = requests.post(f"{cluster.url}/api/fractals", json=[SMALL_FRACTAL] * count, timeout=60)
    return [one["uuid"] for one in answer.json()["objects"]]


def test_a_box_blinks_for_each_fractal_that_its_worker_completes(cluster: Cluster, visit: Visit):
    page = visit.go("/system")
    for name in ("worker-a", "worker-b"):
        expect(box(page, name)).to_have_class("box up", timeout=PATIENCE)
    page.evaluate(
        "window.blinks = []; addEventListener('blink', ({ target }) => {"
        " if (target.dataset.kind === 'worker') window.blinks.push(target.dataset.name); })"
    )
    # Events are told once a stream is open; each fractal after that is one blink.
    # A function: the policy of the page lets no text be evaluated there, as a later look would.
    page.wait_for_function(
        "() => document.documentElement.dataset.streams === 'open'", timeout=PATIENCE
    )
    uuids = post(cluster, 6)
    wait_until(
        lambda: all(cluster.client.get(uuid)["status"] == "complete" for uuid in uuids), "six"
    )
    page.wait_for_function("() => window.blinks.length >= 6", timeout=PATIENCE)
    by = sorted(cluster.client.get(uuid)["generated_by"] for uuid in uuids)
    assert sorted(page.evaluate("window.blinks")) == by


def test_a_worker_is_disabled_from_the_page_and_enabled_again(cluster: Cluster, visit: Visit):
    page = visit.go("/system")
    one = box(page, "worker-a")
    expect(one).to_have_class("box up", timeout=PATIENCE)
    one.locator("summary").click()
    one.get_by_label("Why").fill("a new disk")
    one.get_by_role("button", name="Disable worker-a").click()
    expect(page.locator("#problems")).to_contain_text("worker worker-a is disabled: a new disk.")
    one.get_by_role("button", name="Enable").click()
    expect(one).to_have_class("box up", timeout=PATIENCE)


def test_a_killed_worker_turns_red_without_a_reload(cluster: Cluster, visit: Visit):
    page = visit.go("/system")
    expect(box(page, "worker-b")).to_have_class("box up", timeout=PATIENCE)
    page.evaluate("window.isTheSame = true")
    next(one for one in cluster.services if one.name == "worker-b").kill()
    expect(box(page, "worker-b")).to_have_class("box down", timeout=PATIENCE)
    expect(page.locator("#problems")).to_contain_text("worker worker-b has not been seen for")
    assert page.evaluate("window.isTheSame")


def test_what_comes_and_goes_is_shown_without_a_reload(cluster: Cluster, visit: Visit):
    page, url = visit.go("/system"), f"{cluster.url}/api"
    address = f"{url}/service/{service_id('notifier', 'n')}"
    told = {"kind": "notifier", "name": "n", "instance_id": "n:1", "host": "h", "version": "1"}
    requests.put(address, json=told | {"age": 1.0}, timeout=60).raise_for_status()
    expect(box(page, "n")).to_be_visible(timeout=PATIENCE)
    requests.delete(f"{address}?instance_id=n:1", timeout=60).raise_for_status()
    expect(page.get_by_role("heading", name="Notifiers")).to_have_count(0, timeout=PATIENCE)
    for mode, count in (("paused", 1), ("off", 0)):
        requests.put(f"{url}/maintenance", json={"mode": mode}, timeout=60).raise_for_status()
        expect(page.locator("#maintenance p")).to_have_count(count, timeout=PATIENCE)


def test_a_hidden_page_has_no_stream(cluster: Cluster, visit: Visit):
    page = visit.go("/system")
    for is_hidden, state in ((False, "open"), (True, "closed"), (False, "open")):
        page.evaluate(
            "(isHidden) => {"
            "Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });"
            "document.dispatchEvent(new Event('visibilitychange')); }",
            is_hidden,
        )
        page.wait_for_function(
            "(state) => document.documentElement.dataset.streams === state",
            arg=state, timeout=PATIENCE,
        )  # fmt: skip


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_two_hundred_workers_fit_and_are_readable(cluster: Cluster, new_context, scheme: str):
    engine = create_engine(f"sqlite:///{cluster.directory}/faafo.sqlite")
    with Session(engine) as session:
        many = [replace(HEARTBEAT, name=f"rack-{number:03}") for number in range(MANY)]
        services.store(session, many)
    engine.dispose()
    context = new_context(color_scheme=scheme, reduced_motion="reduce")
    visit = Visit(context.new_page(), cluster.url)
    page = visit.go("/system")
    assert page.locator(".box").count() >= MANY
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    violations = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html']}" for one in violations] == []
    assert visit.troubles == []


def test_the_page_works_without_javascript(cluster: Cluster, new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{cluster.url}/system")
    assert page.locator(".box").count() >= 3
    assert page.locator("svg[role=img]").get_attribute("aria-label").startswith("In the last hour")
