"""What a comparison says: a heading, a conclusion, and its table as people read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.evaluate.measure import ALIKE, BEST
from proml_lab.evaluate.metrics import METRICS
from proml_lab.plots.cells import MISSING, column_texts

if TYPE_CHECKING:
    from proml_lab.evaluate.comparison import Comparison

_ARROWS = {"higher": "↑", "lower": "↓"}


def heading(of: Comparison) -> str:
    """One line: how many models, on which rows, with which intervals."""
    n = len(of.names)
    models = f"{n} models" if n > 1 else f"Model {of.names[0]!r}"
    intervals = f"; 95 % intervals from {of.resamples:,} resamples" if of.resamples else ""
    rows = f"{of.n_rows:,} rows"
    if of.n_given not in (None, of.n_rows):
        rows = f"held-out rows of the data given: {of.n_rows:,} of {of.n_given:,}"
    label = f"label {of.label!r} ({of.task})"
    return f"{models} on {rows}, {label}{intervals}. ↑ higher is better, ↓ lower."


def conclusion(table: pl.DataFrame) -> str:
    """Who is best by what over all rows, who cannot be told from the best, what is undefined."""
    undefined = table.filter(pl.col("group").is_null()).group_by("metric", maintain_order=True)
    lost = [name for (name,), part in undefined if not part["value"].count()]
    if not lost:
        return _standing(table)
    why = f"{_list(lost)} cannot be measured on these rows: it takes labels that differ."
    return f"{_standing(table)} {why}" if table["value"].count() else why


def leaking(of: Comparison) -> list[str]:
    """A line for each thing that leaks, with the models if it is not so for all of them."""
    models: dict[str, list[str]] = {}
    for name, found in of.leaks.items():
        for leak in found:
            if leak.verdict != "pass":
                models.setdefault(str(leak), []).append(name)
    return [
        said if len(names) == len(of.names) else f"{_list(names)}: {said}"
        for said, names in models.items()
    ]


def _standing(table: pl.DataFrame) -> str:
    overall = table.filter(pl.col("group").is_null())
    if not overall.height and table["value"].count():
        asked = _list(dict.fromkeys(table["metric"]))
        return f"Measured in groups only: {asked}."
    if not overall["verdict"].count():
        rows = overall.filter(pl.col("value").is_not_null())
        values = column_texts(rows["value"])
        found = [f"{m} {v}" for m, v in zip(rows["metric"], values, strict=True)]
        return f"{_list(found)}." if found else "No metric is defined on these rows."
    best = overall.filter(pl.col("verdict") == BEST)
    sentences = [
        f"{part['model'][0]} is best by {_list(part['metric'])}"
        for part in best.partition_by("model", maintain_order=True)
    ]
    leader = best.select("metric", pl.col("model").alias("leader"))
    alike = overall.filter(pl.col("verdict") == ALIKE).join(leader, "metric", maintain_order="left")
    for part in alike.partition_by("model", "leader", maintain_order=True):
        pair = f"{part['model'][0]} and {part['leader'][0]}"
        sentences.append(f"no difference can be detected between {pair} by {_list(part['metric'])}")
    return f"{'; '.join(sentences)}."


def shown(table: pl.DataFrame, *, repeat: bool) -> pl.DataFrame:
    """The table as text, best models first; without `repeat` a metric is named once."""
    parts = []
    grouped = bool(table["group"].count())
    for part in table.partition_by("metric", "group", maintain_order=True):
        higher = part["direction"][0] == "higher"
        part = part.sort("value", descending=higher, nulls_last=True, maintain_order=True)
        ends = pl.concat([part["value"], part["low"], part["high"]])
        n = part.height
        texts = column_texts(ends)
        value, low, high = texts[:n], texts[n : 2 * n], texts[2 * n :]
        name = _title(part)
        columns = {
            "metric": [name if repeat or i == 0 else "" for i in range(n)],
            "model": part["model"].to_list(),
            "value": value,
            "95 % interval": _ranges(low, high),
        }
        if table["verdict"].count():
            columns |= _differences(part)
        if grouped:
            columns["rows"] = part["n_rows"].to_list()
        parts.append(pl.DataFrame(columns))
    return pl.concat(parts) if parts else pl.DataFrame()


def measured(table: pl.DataFrame) -> pl.DataFrame:
    """``metric``, ``better`` and ``measures`` of each metric of the table."""
    names = dict.fromkeys(text.partition(" by ")[0] for text in table["metric"])
    rows = [(name, METRICS[name].direction, METRICS[name].what) for name in names]
    return pl.DataFrame(rows, schema=["metric", "better", "measures"], orient="row")


def _differences(part: pl.DataFrame) -> dict[str, list[str]]:
    ends = pl.concat([part[f"difference{end}"] for end in ("", "_low", "_high")])
    texts = column_texts(ends, _signed(part))
    n = part.height
    ranges = _ranges(texts[n : 2 * n], texts[2 * n :])
    verdicts = part["verdict"].to_list()
    return {
        "to the best": [
            MISSING if verdict == BEST else f"{text} ({bounds})" if bounds != MISSING else text
            for text, bounds, verdict in zip(texts[:n], ranges, verdicts, strict=True)
        ],
        "verdict": [verdict or MISSING for verdict in verdicts],
    }


def _signed(part: pl.DataFrame) -> str:
    """A format for differences with as many decimals as the values have."""
    decimals = max((len(t.partition(".")[2]) for t in column_texts(part["value"])), default=0)
    return f"+,.{decimals}f"


def _ranges(low: list[str], high: list[str]) -> list[str]:
    return [MISSING if a == MISSING else f"{a} to {b}" for a, b in zip(low, high, strict=True)]


def _title(part: pl.DataFrame) -> str:
    """Such as ``auc ↑`` and ``auc ↑ (carrier = UA)``."""
    name, _, column = part["metric"][0].partition(" by ")
    group = f" ({column} = {part['group'][0]})" if column else ""
    return f"{name} {_ARROWS[part['direction'][0]]}{group}"


def _list(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
