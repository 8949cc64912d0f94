"""The kernels against rows that are repeated as often as they count."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from proml_lab.kernels.resample import group_sums, ranking, weighted_sums

Rows = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0.1, 0.4, 0.4, 0.9]), st.booleans()),
    min_size=1,
    max_size=12,
)


def areas(y: list[bool], p: list[float]) -> list[float]:
    """AUC by counting pairs; average precision by walking down the distinct scores."""
    positives = [s for s, label in zip(p, y, strict=True) if label]
    negatives = [s for s, label in zip(p, y, strict=True) if not label]
    if not positives or not negatives:
        return [np.nan, np.nan]
    won = sum((a > b) + 0.5 * (a == b) for a in positives for b in negatives)
    precision, hits_before = 0.0, 0
    for edge in sorted(set(p), reverse=True):
        flagged = [label for s, label in zip(p, y, strict=True) if s >= edge]
        precision += (sum(flagged) - hits_before) * sum(flagged) / len(flagged)
        hits_before = sum(flagged)
    return [won / (len(positives) * len(negatives)), precision / len(positives)]


@given(Rows)
def test_ranking_counts_rows_as_if_they_were_repeated(rows: list[tuple[int, float, bool]]) -> None:
    counts = np.array([[count for count, _, _ in rows]], np.uint8)
    p = np.array([score for _, score, _ in rows])
    y = np.array([label for _, _, label in rows])
    order = np.argsort(-p, kind="stable")
    last = np.append(np.diff(p[order]) != 0, True)
    found = ranking(counts, order, last, y[order])[0]
    wanted = areas(np.repeat(y, counts[0]).tolist(), np.repeat(p, counts[0]).tolist())
    np.testing.assert_allclose(found, wanted, rtol=1e-14)


@given(Rows)
def test_sums_count_rows_as_if_they_were_repeated(rows: list[tuple[int, float, bool]]) -> None:
    counts = np.array([[count for count, _, _ in rows], [1] * len(rows)], np.uint8)
    values = np.array([[score for _, score, _ in rows], [float(b) for _, _, b in rows]])
    groups = np.array([int(label) for _, _, label in rows])
    for line, n in enumerate(counts):
        wanted = np.repeat(values, n, axis=1).sum(axis=1)
        np.testing.assert_allclose(weighted_sums(counts, values)[:, line], wanted, atol=1e-13)
        wanted = [np.repeat(values[0], n)[np.repeat(groups, n) == g].sum() for g in (0, 1, 2)]
        found = group_sums(counts, values[0], groups, 3)[line]
        np.testing.assert_allclose(found, wanted, atol=1e-13)


def test_large_counts_do_not_wrap() -> None:
    counts = np.full((1, 2000), 255, np.uint8)
    order = np.arange(2000)
    y = order < 1000
    assert ranking(counts, order, np.ones(2000, bool), y)[0].tolist() == [1.0, 1.0]
