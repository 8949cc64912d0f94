"""Rows in any order and in pieces, against the newest of the visible ones."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.kernels import arrival, asof
from tests.soak import seeds

NO_TURNS = np.empty(0, np.int64)


def seen(
    rows: list[tuple[int, int, int, int]], entity: int, cutoff: int, longest: int
) -> tuple[int, int, int] | None:
    times = [row[1:] for row in rows if row[0] == entity and max(row[1:3]) <= cutoff]
    return max((row for row in times if not longest or row[0] > cutoff - longest), default=None)


@pytest.mark.parametrize("turns", [False, True])
@pytest.mark.parametrize("order", ["sorted", "shuffled", "backwards"])
@pytest.mark.parametrize("longest", [0, 1, 7])
@pytest.mark.parametrize("seed", seeds(6))
def test_the_newest_visible_row_is_found(seed: int, longest: int, order: str, turns: bool) -> None:
    rng = np.random.default_rng(seed)
    n, groups = int(rng.integers(1, 120)), 4
    group = rng.integers(-1, groups, n)
    event = rng.integers(0, 30, n)
    if order != "shuffled":
        event = np.sort(event)[:: 1 if order == "sorted" else -1].copy()
    known = event + rng.choice([-3, 0, 0, 2, 15], n)
    turn = rng.integers(-1, 2, n) if turns else np.empty(0, np.int64)
    asked, cutoff = rng.integers(0, groups, 80), rng.integers(-3, 50, 80)
    by_time = np.argsort(cutoff, kind="stable")
    by_group, offsets = asof.layout(asked[by_time], groups)
    asked, cutoff = asked[by_time[by_group]], cutoff[by_time[by_group]]
    line = arrival.line(offsets, cutoff)
    for base in range(0, n, 50):
        part = slice(base, base + 50)
        before = line.kept.copy()
        fresh = arrival.arrive((group[part], event[part], known[part], turn[part]), base, line)
        moved = np.flatnonzero(line.kept[:, arrival.ROW] != before[:, arrival.ROW])
        assert sorted(fresh.tolist()) == moved.tolist()
    found = arrival.settle(line, longest)
    last = turn if turns else np.zeros(n, np.int64)
    columns = (column.tolist() for column in (group, event, known, last))
    all_ = list(zip(*columns, strict=True))
    for entity, limit, place in zip(asked.tolist(), cutoff.tolist(), found.tolist(), strict=True):
        want = seen(all_, entity, limit, longest)
        assert (None if place < 0 else tuple(line.kept[place, : arrival.ROW].tolist())) == want
        if place >= 0:
            row = line.kept[place, arrival.ROW]
            assert all_[row] == (entity, *want)
            assert line.tied[place] == (all_.count(all_[row]) > 1)


def test_entities_without_labels_are_left_out() -> None:
    line = arrival.line(np.array([0, 0, 1]), np.array([5]))
    rows = np.array([0, 1, 1]), np.array([1, 2, 9]), np.array([1, 2, 9]), NO_TURNS
    assert arrival.arrive(rows, 0, line).tolist() == [0]
    assert arrival.settle(line, 0).tolist() == [0]
    assert line.kept[0, arrival.ROW] == 1


def test_what_is_always_known_is_seen_from_the_first_label_on() -> None:
    always = np.iinfo(np.int64).min
    line = arrival.line(np.array([0, 2, 2]), np.array([-3, 5]))
    rows = np.array([1, 0]), np.array([always, always]), np.array([always, always]), NO_TURNS
    assert arrival.arrive(rows, 0, line).tolist() == [0]
    assert arrival.settle(line, 0).tolist() == [0, 0]
    assert arrival.arrive(rows, 2, line).size == 0
    assert line.kept[0].tolist() == [always, always, 0, 1]
    assert line.tied.tolist() == [True, False]


@pytest.mark.parametrize("seed", seeds(6))
def test_rows_are_handed_out_to_the_labels_that_see_their_place(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = np.sort(rng.integers(0, 40, rng.integers(0, 90)))
    found[rng.random(found.size) < 0.3] = -1
    places = arrival.distinct(found)
    assert places.tolist() == sorted({*found.tolist()} - {-1})
    order = rng.permutation(100)[: found.size]
    row_of = {place: 1000 + place for place in places.tolist()}
    given = np.full(100, 7, np.uint32)
    arrival.hand_out(found, np.array([*row_of.values()], np.uint32), order, given)
    got = dict(zip(order.tolist(), found.tolist(), strict=True))
    assert given.tolist() == [row_of.get(got.get(label, -1), 7) for label in range(100)]
