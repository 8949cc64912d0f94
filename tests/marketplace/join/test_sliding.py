"""Labels in order, and how they are shared out among threads."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.marketplace.join import sliding
from proml_lab.marketplace.join.history import Labels, lay_out
from proml_lab.marketplace.join.sliding import Asked, Chosen


@pytest.mark.parametrize("small", [1, 10**9])
def test_parts_are_whole_entities_and_leave_no_label_out(
    small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sliding, "_SMALL", small)
    rng = np.random.default_rng(1)
    labels = Labels(rng.integers(-1, 50, 700), rng.integers(0, 9, 700), 50)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(0, 40, 50))])
    asked = Asked(labels, offsets)
    assert asked.order.size == (labels.group >= 0).sum()
    assert (np.lexsort((asked.cutoff(), asked.group)) == np.arange(asked.order.size)).all()
    groups = asked.each(lambda part: set(asked.group[part].tolist()))
    assert sum(map(len, groups)) == len(set().union(*groups))
    assert np.concatenate(asked.each(lambda part: asked.order[part])).tolist() == list(asked.order)
    assert (len(asked.parts) > 1) == (small == 1)


def test_no_label_has_an_entity() -> None:
    asked = Asked(Labels(np.array([-1, -1]), np.array([3, 1]), 1), np.array([0, 0]))
    assert asked.order.size == 0
    assert [found.size for found in asked.each(lambda part: asked.cutoff()[part])] == [0]


def test_rows_in_the_order_in_which_they_became_known() -> None:
    group, event = np.array([0, 0, 1, 0]), np.array([1, 2, 3, 4])
    late = Chosen.all(lay_out(group, event, np.array([9, 2, 3, 4]), 2))
    assert late.order.tolist() == [1, 2, 0, 3]
    assert late.only(np.array([True, False, True, True])).order.tolist() == [1, 0, 2]
    prompt = Chosen.all(lay_out(group, event, np.array([0, 5, 0, 5]), 2))
    assert prompt.order.size == 0
    assert prompt.only(np.ones(4, np.bool_)) is prompt


def test_tied_rows_are_those_of_one_entity_and_both_clocks() -> None:
    group, event = np.array([0, 0, 0, 1, 1]), np.array([1, 1, 1, 1, 2])
    rows = Chosen.all(lay_out(group, event, np.array([1, 1, 2, 2, 2]), 2))
    assert rows.tied.tolist() == [0]
