"""What a sample of labels would be given."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest

from proml_lab.marketplace.join.coverage import SAMPLE, sample
from proml_lab.marketplace.workspace import Workspace


@pytest.mark.parametrize("n", [1, 7, SAMPLE, SAMPLE + 1, 10 * SAMPLE])
def test_a_sample_is_spread_evenly(n: int) -> None:
    rows = sample(pl.DataFrame({"i": range(n)}))["i"].to_list()
    assert len(rows) == min(n, SAMPLE)
    assert rows == sorted(set(rows))
    assert (rows[0], rows[-1]) == (0, n - 1)
    steps = {b - a for a, b in pairwise(rows)}
    assert not steps or max(steps) - min(steps) <= 1


def test_the_shares_are_those_of_the_join(flights: Workspace) -> None:
    asked = [
        "plane.history",
        {"weather.at_origin": ["temp"]},
        {"flight.outlook": ["delay_over_usual"]},
    ]
    found = flights.coverage("flights", asked, cutoff="cutoff")
    spine = sample(pl.read_parquet(flights.root / "sources" / "flights.parquet"))
    joined = flights.training_set(spine, asked, cutoff="cutoff")
    shares = {name: joined.frame[name].is_not_null().mean() for name in joined.features}
    assert dict(found.frame().select("feature", "covered").iter_rows()) == pytest.approx(shares)
    rows = dict(found.frame().select("view", "source_rows").unique().iter_rows())
    assert rows["flight.outlook"] is None
    assert (
        rows["plane.history"]
        == pl.scan_parquet(flights.root / "sources" / "landings.parquet")
        .select(pl.len())
        .collect()
        .item()
    )
    assert found.n_rows == 327_346
    assert found.title.startswith("5 features on 2,000 of 327,346 rows: ")
    assert "<script" not in found._repr_mimebundle_()["text/html"]
    assert len(found.figure().data[0].x) == 5


def test_a_frame_of_ones_own(flights: Workspace) -> None:
    spine = pl.DataFrame({"dest": ["LAX", "XXX", None, "SFO"]})
    found = flights.coverage(spine, [{"dest.airport": ["dest_lat"]}])
    assert found.frame()["covered"].to_list() == [0.5]
    assert found.n_asked == found.n_rows == 4
