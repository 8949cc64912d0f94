"""Small sources, views and moments to build joins from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from proml_lab.marketplace.view import FeatureView

START = datetime(2024, 3, 1, tzinfo=UTC)
MakeView = Callable[..., FeatureView]


def at(hours: float) -> datetime:
    """So many hours after the start."""
    return START + timedelta(hours=hours)


@pytest.fixture
def make_view(tmp_path: Path) -> MakeView:
    """Write a source and bind a view to it: ``make_view({"x": [1.0]}, features={...})``."""

    def make(rows: dict[str, list[object]] | pl.DataFrame, **fields: object) -> FeatureView:
        name = str(fields.setdefault("view", "shop.sales"))
        frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows)
        source = f"{name}.parquet"
        frame.write_parquet(tmp_path / source)
        fields = {"source": source, "entities": ["id"], "event_time": "time", **fields}
        return FeatureView.model_validate(fields).at(tmp_path)

    return make
