"""Tiny models whose contributions are known in closed form."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Dataset, Floats, Predictor, Task
from proml_lab.model import Model
from proml_lab.spec import ModelSpec

EFFECT = {"AA": 0.6, "UA": -0.3, "<b>&": 0.0, None: 0.1}
NUMBERS = ("hour", "wind", "idle")


class Additive:
    """1 + 0.2 hour - 0.1 wind (0.5 where it is missing) + an effect of the carrier."""

    def raw(self, frame: pl.DataFrame) -> Floats:
        base, values = self.contributions(frame)
        return np.asarray(base + values @ np.ones(4))

    def contributions(self, frame: pl.DataFrame) -> tuple[float, Floats]:
        wind = frame["wind"].to_numpy()
        columns = [
            0.2 * frame["hour"].to_numpy(),
            np.where(np.isnan(wind), 0.5, -0.1 * wind),
            np.zeros(frame.height),
            np.array([EFFECT[name] for name in frame["carrier"].to_list()]),
        ]
        return 1.0, np.stack(columns, axis=1)

    def summary(self) -> pl.DataFrame:
        return pl.DataFrame({"feature": ["hour"], "coefficient": [0.2]})

    def save(self, folder: Path) -> None:
        (folder / "additive").touch()


class Product(Additive):
    """hour × wind with exact Shapley values against the background (0, 0): half each."""

    def raw(self, frame: pl.DataFrame) -> Floats:
        return frame["hour"].to_numpy() * np.nan_to_num(frame["wind"].to_numpy())

    def contributions(self, frame: pl.DataFrame) -> tuple[float, Floats]:
        values = np.zeros((frame.height, 4))
        for order in permutations(range(4)):
            known = np.zeros(4, dtype=bool)
            for j in order:
                before = self._worth(frame, known)
                known[j] = True
                values[:, j] += (self._worth(frame, known) - before) / 24
        return 0.0, values

    def _worth(self, frame: pl.DataFrame, known: np.ndarray) -> Floats:
        return self.raw(frame) if known[0] and known[1] else np.zeros(frame.height)


def make_rows(n: int = 400, *, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    wind = rng.normal(10, 3, n)
    wind[rng.random(n) < 0.1] = np.nan
    frame = pl.DataFrame(
        {
            "hour": rng.integers(0, 24, n).astype(float),
            "wind": pl.Series(wind).fill_nan(None),
            "idle": rng.normal(size=n),
            "carrier": rng.choice(np.array(list(EFFECT), dtype=object), n).tolist(),
            "late": rng.random(n) < 0.4,
        }
    )
    return Dataset(frame, label="late", features=(*NUMBERS, "carrier"))


def make_model(
    predictor: Predictor | None = None, *, task: Task = "binary", test: Dataset | None = None
) -> Model:
    spec = ModelSpec.parse(
        f"name: tiny\nlabel: {{column: late, task: {task}}}\nspine: {{source: s}}\nlearner: linear"
    )
    numbers: dict[str, pl.DataType] = dict.fromkeys(NUMBERS, pl.Float64())
    return Model(
        spec,
        predictor or Additive(),
        {**numbers, "carrier": pl.String()},
        (*NUMBERS, "carrier"),
        "ff",
        100,
        test=make_rows() if test is None else test,
    )


@pytest.fixture
def model() -> Model:
    return make_model()
