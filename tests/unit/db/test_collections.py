# SPDX-License-Identifier: Apache-2.0
"""Collections: what is in them, whose they are, and what goes with a fractal."""

import pytest
from sqlalchemy import event

from faafo import errors
from faafo.db import collections, fractals, gallery
from faafo.db.counts import CountsByScope
from faafo.db.models import Fractal
from faafo.db.scope import EVERYTHING, NOBODY, SHARED, Owner, Scope

ADA, BOB = Owner("alpha", "ada"), Owner("beta", "bob")


@pytest.fixture
def add(session, make_task):
    def add(owner=ADA, shared=False):
        return fractals.get(session, fractals.add(session, make_task(), owner, shared).uuid)

    return add


def listed(session, collection, scope=EVERYTHING):
    inside = Scope(scope.project_id, scope.only_shared, collection.id)
    counts = CountsByScope().of(inside)
    page = fractals.page(session, size=10, scope=inside, counts=counts)
    assert page.total == len(page.fractals)
    return [one.uuid for one in page.fractals]


def test_everybody_has_favourites_before_there_are_any(session):
    found = collections.favourites(session, ADA)
    assert (found.id, found.name, found.reserved, found.shared) == (None, "Favourites", True, False)
    assert found.uuid == collections.favourites_uuid(ADA)
    uuids = {collections.favourites_uuid(one) for one in (ADA, BOB, NOBODY, Owner("alpha", "bob"))}
    assert len(uuids) == 4
    assert [one.uuid for one in collections.of_user(session, ADA)] == [found.uuid]


def test_a_fractal_is_put_into_favourites_once_and_taken_out_once(session, add):
    first, second = add(), add()
    for one in (first, second, first):
        collections.put(session, collections.favourites(session, ADA), one)
    mine = collections.favourites(session, ADA)
    assert listed(session, mine) == [second.uuid, first.uuid]
    assert collections.starred(session, ADA, [first, second]) == {first.uuid, second.uuid}
    assert collections.starred(session, BOB, [first, second]) == set()
    assert [collections.take(session, mine, first) for _ in range(2)] == [True, False]
    assert listed(session, mine) == [second.uuid]


def test_a_deleted_fractal_leaves_its_collections_and_none_follows_it_there(session, add):
    named = collections.add(session, ADA, "Dendrites")
    gone = add()
    collections.put(session, named, gone)
    fractals.remove(session, gone.uuid)
    # SQLite gives the id of the newest row, once it is deleted, to the next one.
    add()
    assert listed(session, named) == []
    assert collections.counts(session, [named], EVERYTHING.seen) == {named.uuid: 0}


def test_a_fractal_that_is_deleted_meanwhile_cannot_be_put_anywhere(session):
    missing = Fractal(id=10**6, uuid="12345678-9abc-4def-8123-456789abcdef")
    with pytest.raises(errors.FractalNotFound, match="there is no fractal 12345678"):
        collections.put(session, collections.add(session, ADA, "a"), missing)


def test_nothing_can_be_put_into_a_collection_that_is_deleted_meanwhile(session, add):
    seen, one = collections.add(session, ADA, "a"), add()
    collections.remove(session, seen)
    with pytest.raises(errors.CollectionNotFound, match="there is no collection"):
        collections.put(session, seen, one)


def test_a_deleted_collection_leaves_its_fractals(session, add):
    named, one = collections.add(session, ADA, "Dendrites"), add()
    collections.put(session, named, one)
    collections.remove(session, named)
    assert fractals.get(session, one.uuid).uuid == one.uuid
    assert collections.holding(session, [named], one) == set()
    with pytest.raises(errors.CollectionNotFound):
        collections.get(session, named.uuid)


def test_one_sees_in_a_collection_what_is_ones_own_and_what_is_shared(session, add):
    named = collections.add(session, ADA, "Dendrites", shared=True)
    own, other, shared = add(), add(BOB), add(BOB, shared=True)
    for one in (own, other, shared):
        collections.put(session, named, one)
    for scope, seen in (
        (EVERYTHING, {own.uuid, other.uuid, shared.uuid}),
        (Scope("alpha"), {own.uuid, shared.uuid}),
        (Scope("beta"), {other.uuid, shared.uuid}),
        (SHARED, {shared.uuid}),
    ):
        assert set(listed(session, named, scope)) == seen
        assert collections.counts(session, [named], scope.seen) == {named.uuid: len(seen)}


@pytest.mark.usefixtures("on_sqlite")
@pytest.mark.parametrize("scope", [Scope("alpha"), SHARED])
def test_what_is_in_a_collection_is_counted_without_reading_all_one_may_see(session, scope):
    named, queries = collections.add(session, ADA, "a"), []
    inside = Scope(scope.project_id, scope.only_shared, named.id)

    def note(_connection, _cursor, statement, parameters, *_):
        queries.append((statement, parameters))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    gallery.completed_lately(session, inside)
    CountsByScope().of(inside).by_status(session)
    collections.counts(session, [named], scope.seen)
    event.remove(connection, "before_cursor_execute", note)
    reads = [one for one in queries if "collected_fractal" in one[0]]
    assert len(reads) == 5
    for statement, parameters in reads:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = " ".join(step.detail for step in plan)
        assert "ix_fractal_project_id" not in steps
        assert "ix_fractal_shared" not in steps


def test_collections_are_listed_by_name_after_the_favourites(session, add):
    for name in ("b", "a", "C"):
        collections.add(session, ADA, name, shared=name == "a")
    collections.put(session, collections.favourites(session, ADA), add())
    own = [one.name for one in collections.of_user(session, ADA)]
    assert own == ["Favourites", "a", "b", "C"]
    assert [one.name for one in collections.of_others(session, BOB, only_shared=True)] == ["a"]
    assert len(collections.of_others(session, NOBODY, only_shared=False)) == 4
    assert collections.of_others(session, ADA, only_shared=False) == []


def test_a_collection_is_renamed_and_shared(session):
    named = collections.add(session, ADA, "a")
    assert collections.change(session, named, name="b").name == "b"
    changed = collections.change(session, named, shared=True)
    assert (changed.name, changed.shared) == ("b", True)
    assert collections.change(session, named).shared


def test_favourites_are_shared_but_neither_renamed_nor_deleted(session):
    mine = collections.favourites(session, ADA)
    assert collections.change(session, mine, shared=True).shared
    assert collections.favourites(session, ADA).shared
    with pytest.raises(errors.CollectionReserved, match="cannot be renamed"):
        collections.change(session, collections.favourites(session, ADA), name="x")
    with pytest.raises(errors.CollectionReserved, match="cannot be deleted"):
        collections.remove(session, collections.favourites(session, ADA))


@pytest.mark.parametrize(
    "name", ["", " ", "\t", "a\nb", "a\n", "a\x7f", "\u3000", "a\ud800", 256 * "x"]
)
def test_what_is_no_name_is_refused(session, name):
    with pytest.raises(errors.InvalidCollection, match="name: must be 1 to 255 characters"):
        collections.add(session, ADA, name)


def test_the_number_of_collections_and_of_fractals_in_one_is_bounded(session, add, monkeypatch):
    monkeypatch.setattr(collections, "MOST_COLLECTIONS", 2)
    monkeypatch.setattr(collections, "MOST_FRACTALS", 1)
    named, one = collections.add(session, ADA, "a"), add()
    collections.add(session, ADA, "b")
    with pytest.raises(errors.InvalidCollection, match="^a user has at most 2 collections"):
        collections.add(session, ADA, "c")
    collections.add(session, BOB, "c")
    for _ in range(2):
        collections.put(session, named, one)
    with pytest.raises(errors.InvalidCollection, match="at most 1 fractals"):
        collections.put(session, named, add())
