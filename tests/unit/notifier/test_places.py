# SPDX-License-Identifier: Apache-2.0
"""Which deliveries have a place, so that no receiver holds up the others."""

import pytest

from faafo.notifier.places import MOST_HANGING, MOST_WAITING, Places


@pytest.fixture
def places():
    return Places(8, 2)


def test_a_delivery_gets_a_place_and_gives_it_back(places, make_delivery):
    delivery = make_delivery()
    places.add([delivery])
    assert places.take() == ([delivery], [])
    assert places.take() == ([], [])
    assert places.wanted() == 7
    assert not places.wait_until_idle(0)
    places.end(delivery, timed_out=False)
    assert places.wanted() == 8
    assert places.wait_until_idle(0)


def test_a_webhook_has_no_more_than_its_places(places, make_delivery):
    first, second, third = (make_delivery(webhook="one") for _ in range(3))
    other = make_delivery("http://other.example/")
    places.add([first, second])
    places.take()
    assert places.busy() == {"one"}
    places.add([third, other])
    assert places.take() == ([other], [])
    places.end(first, timed_out=False)
    assert places.take() == ([third], [])
    assert places.busy() == {"one"}
    places.end(second, timed_out=False)
    assert places.busy() == set()


def test_no_more_than_all_places_are_taken(places, make_delivery):
    urls = [f"http://receiver-{number}.example/" for number in range(10)]
    deliveries = [make_delivery(url) for url in urls]
    places.add(deliveries)
    assert places.take() == (deliveries[:8], [])
    assert places.wanted() == 0


def test_the_callbacks_of_a_project_to_one_receiver_share_a_quarter_of_the_places(make_delivery):
    places = Places(16, 2)
    mine = [
        make_delivery(f"https://receiver.example/{number}", project_id="mine")
        for number in range(6)
    ]
    others = [
        make_delivery("https://receiver.example/", project_id="others"),
        make_delivery("https://receiver.example:8443/", project_id="mine"),
        make_delivery("https://other.example/", project_id="mine"),
    ]
    places.add(mine + others)
    assert places.busy_tenants() == {mine[0].tenant}
    given, _given_up = places.take()
    assert given == mine[:4] + others
    for delivery in mine[:2]:
        places.end(delivery, timed_out=False)
    assert places.busy_tenants() == {mine[0].tenant}
    assert places.take() == (mine[4:], [])
    places.end(mine[2], timed_out=False)
    assert places.busy_tenants() == set()


def test_what_waits_for_a_receiver_that_hangs_is_given_up(make_delivery):
    places = Places(16, 2)
    mine = [make_delivery(webhook=f"callback {number}") for number in range(10)]
    other = make_delivery(project_id="other")
    places.add([*mine, other])
    places.take()
    places.end(mine[0], timed_out=True)
    # Those that run are left alone, and another project has nothing to do with it.
    assert places.take() == ([], mine[4:])
    for delivery in mine[1:4]:
        places.end(delivery, timed_out=True)
    # One finds out whether it still hangs; what has to wait for it is given up.
    late, later = make_delivery(webhook="late"), make_delivery(webhook="later")
    places.add([late, later])
    assert places.take() == ([late], [later])
    places.end(late, timed_out=False)
    many = [make_delivery(webhook=f"new {number}") for number in range(4)]
    places.add(many)
    assert places.take() == (many, [])


def test_deliveries_that_were_lost_are_not_made(places, make_delivery):
    lost, kept = make_delivery(), make_delivery()
    places.add([lost, kept])
    places.discard([lost.lease])
    assert places.take() == ([kept], [])


def test_a_drain_begins_nothing(places, make_delivery):
    delivery = make_delivery()
    places.add([delivery])
    assert places.close() == [delivery]
    assert places.take() == ([], [])


def test_what_waits_is_bounded(make_delivery):
    places = Places(8, 2)
    places.add(make_delivery(webhook="one") for _ in range(MOST_WAITING - 1))
    assert places.wanted() == 8
    places.add([make_delivery(webhook="one")])
    assert places.wanted() == 0


def test_what_is_remembered_of_receivers_is_bounded(make_delivery):
    places = Places(8, 2)
    for number in range(MOST_HANGING + 10):
        delivery = make_delivery(f"http://host-{number}.example/")
        places.add([delivery])
        places.take()
        places.end(delivery, timed_out=True)
    assert len(places._hanging) == MOST_HANGING
    assert not places._tenants
    assert not places._webhooks
