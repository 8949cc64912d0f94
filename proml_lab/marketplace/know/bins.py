"""Bins of a summary, to be drawn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from proml_lab.marketplace.know.summary import Summary

N_BINS = 20


def bins(one: Summary, kind: str) -> tuple[list[float], list[str]]:
    """How many values are in each of at most 20 bins, and what these are called.

    Bins of numbers and times are equally wide over the middle 99 %, the outermost hold the rest
    too; few different values, and the most frequent texts, have a bin each. `kind` is the type
    that the feature declares.
    """
    if one.texts is not None:
        return one.counts[:N_BINS].tolist(), list(one.texts[:N_BINS])
    if not one.counts.size:
        return [], []
    if one.values.size == 1 or (one.whole and one.values.size <= N_BINS and kind != "float"):
        return one.counts.tolist(), [shown(x, kind) for x in one.values]
    low, high = one.quantiles([0.005, 0.995])
    if low == high:
        low, high = one.low, one.high
    inside = np.clip(one.values, low, high)
    counts, edges = np.histogram(inside, bins=N_BINS, range=(low, high), weights=one.counts)
    texts = [shown(x, kind) for x in edges]
    labels = [f"{a} to {b}" for a, b in pairwise(texts)]
    if one.low < low:
        labels[0] = f"below {texts[1]}"
    if one.high > high:
        labels[-1] = f"from {texts[-2]}"
    return counts.tolist(), labels


def shown(number: float, kind: str) -> str:
    """A number of a summary as people write it: a time, a date, yes or no, or four digits."""
    if not np.isfinite(number):
        return "–"
    match kind:
        case "time" | "date":
            moment = np.datetime64(round(number), "us")
            return str(moment)[:10] if kind == "date" else str(moment)[:16].replace("T", " ")
        case "boolean":
            return {0.0: "false", 1.0: "true"}.get(number, f"{number:.2f}")
    return digits(number, whole=kind == "integer")


def digits(number: float, *, whole: bool) -> str:
    """Four digits; whole numbers in full, with commas from 10,000 on: a year has none."""
    if whole and (number % 1 == 0 or abs(number) >= 1000):
        return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:.0f}"
    return f"{number:.4g}"
