"""What is known of the features of a workspace: from what was kept, nothing is looked at anew."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab.marketplace.find.index import Index
from proml_lab.marketplace.find.known import Known, align
from proml_lab.marketplace.know import kept
from proml_lab.marketplace.know.codes import CHECKS
from proml_lab.marketplace.know.healthreport import VALUES

_BAD = [code for code, check in CHECKS.items() if check.mark == "bad"]
_STEP_US = 60_000_000
"""Ages are told to the minute: within one nothing is worked out again."""
_HELD: deque[tuple[Index, tuple[object, ...], Known]] = deque(maxlen=4)


def knowledge(folder: Path, index: Index, *, now: datetime | None = None) -> Known:
    """Usage, health, freshness, age and users of the features of `index`, in its order.

    `folder` is that of `Workspace.profiles`, where profiles, marks of health and uses are kept.
    What was seen of another meaning of a view does not count. How old a row is, and what its
    feature's status makes of who uses it, is judged now: docs/method.md#known-features.
    """
    moment = now or datetime.now(UTC)
    minute = int(moment.timestamp() * 1e6) // _STEP_US
    key = folder, kept.stamp(folder), minute
    for held, there, found in tuple(_HELD):
        if held is index and there == key:
            return found
    seen, uses = kept.read(folder)
    found = align(_judged(index, seen, uses, minute * _STEP_US), index)
    _HELD.append((index, key, found))
    return found


def _judged(index: Index, seen: pl.DataFrame, asked: pl.DataFrame | None, now: int) -> pl.DataFrame:
    """A row a feature; `now` in microseconds since 1970, `asked` None where nobody knows users."""
    uses = pl.DataFrame(schema=kept.USES) if asked is None else asked
    who = pl.when(pl.col("model") != "").then("model").otherwise("name")
    used = uses.group_by("view", "feature").agg(
        pl.col("name").n_unique().cast(pl.Float64).alias("usage"),
        who.unique().sort().alias("used_by"),
        (pl.col("aliases") != "").any().alias("served"),
    )
    statuses = pl.Series(index.values["status"], dtype=pl.String)
    status = statuses.gather(index.codes["status"][1])
    every = index.names.with_columns(status.alias("status"))
    rows = every.join(used, on=["view", "feature"], how="left", maintain_order="left").join(
        seen, on=["view", "feature", "meaning"], how="left", maintain_order="left"
    )
    unused = pl.lit(None if asked is None else 0.0, pl.Float64)
    age = pl.lit(now) - pl.col("newest")
    found = {
        "FH020": age > pl.col("longest"),
        "FH021": age > pl.col("quiet"),
        "FH022": pl.col("last") > now,
        "FH040": (pl.col("status") == "deprecated") & (pl.col("usage") > 0),
        "FH041": (pl.col("status") == "draft") & pl.col("served"),
    }
    stale = (found["FH020"] | found["FH021"]).fill_null(value=False)
    mutes = pl.col("mutes").str.split(" ").fill_null([])
    look = pl.any_horizontal(
        seen.fill_null(value=False) & ~mutes.list.contains(code) for code, seen in found.items()
    )
    codes = pl.col("codes").str.split(" ").list.set_difference(mutes)
    codes = codes.list.set_difference(pl.lit([""]))
    bad = codes.list.set_intersection(pl.lit(_BAD)).list.len() > 0
    return rows.select(
        "view",
        "feature",
        pl.col("usage").fill_null(unused).alias("usage"),
        pl.when(bad)
        .then(VALUES["bad"])
        .when(look | (codes.list.len() > 0))
        .then(VALUES["look"])
        .when(pl.col("codes").is_not_null())
        .then(VALUES["good"])
        .alias("health"),
        pl.when(stale)
        .then(pl.lit("stale"))
        .when(pl.col("newest").is_not_null())
        .then(pl.lit("fresh"))
        .when(pl.col("nulls").is_not_null())
        .then(pl.lit("static"))
        .alias("freshness"),
        "used_by",
        (age / 1e6).alias("age"),
    )


def pictures(folder: Path, index: Index, rows: np.ndarray) -> list[kept.Looked | None]:
    """What was seen of the values of the features numbered `rows`; None where nobody looked."""
    keys = index.names[rows].select((pl.col("view") + "." + pl.col("feature")), "meaning").rows()
    found = kept.drawn(folder, [name for name, _ in keys])
    return [
        one
        if (one := found.get(name)) and one.meaning == meaning and one.nulls is not None
        else None
        for name, meaning in keys
    ]
