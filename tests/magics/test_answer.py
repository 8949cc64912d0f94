from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Dataset
from proml_lab.errors import UsageError
from proml_lab.magics.answer import Text, as_json, as_text, error_json
from proml_lab.spec import ModelSpec


@dataclass(frozen=True)
class Pair:
    a: int
    b: tuple[float, ...]


class Rows:
    def frame(self) -> pl.DataFrame:
        return pl.DataFrame({"a": [1, 2], "b": ["x", None]})

    def _repr_mimebundle_(self) -> dict[str, str]:
        return {"text/plain": "two rows"}


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (None, None),
        (True, True),
        ("ü", "ü"),
        (float("nan"), None),
        (float("inf"), None),
        (1.5, 1.5),
        (np.float64(2.5), 2.5),
        (np.array([1, 2]), [1, 2]),
        (Path("a/b"), "a/b"),
        (date(2013, 11, 1), "2013-11-01"),
        (datetime(2013, 11, 1, 5, tzinfo=UTC), "2013-11-01T05:00:00+00:00"),
        (timedelta(minutes=1), 60.0),
        ({1: {"a"}}, {"1": ["a"]}),
        (Pair(1, (2.0, float("nan"))), {"a": 1, "b": [2.0, None]}),
        (Rows(), [{"a": 1, "b": "x"}, {"a": 2, "b": None}]),
        (pl.DataFrame({"t": [date(2013, 1, 1)]}), [{"t": "2013-01-01"}]),
        (Text("plain"), "plain"),
    ],
)
def test_as_json(value: object, want: object) -> None:
    assert json.loads(as_json(value)) == want


def test_ours_as_json() -> None:
    spec = ModelSpec.parse("name: d\nlabel: late\nspine: {source: s}\nsplit: {by: random}\n")
    assert json.loads(as_json(spec))["split"] == {"by": "random"}
    facts = json.loads(as_json(Dataset(pl.DataFrame({"late": [1, 0]}), label="late")))
    assert facts["n_rows"] == 2
    assert facts["columns"][0]["role"] == "label"
    assert len(facts["fingerprint"]) == 32


def test_what_has_no_other_form_is_text() -> None:
    assert json.loads(as_json(1j)) == "1j"


def test_as_text() -> None:
    assert as_text(None) == ""
    assert as_text(Rows()) == "two rows"
    assert as_text(Text("a\nb")) == "a\nb"
    assert as_text(3) == "3"


def test_text_is_shown_without_quotes() -> None:
    assert repr(Text("a\nb")) == "a\nb"


def test_an_error_as_json() -> None:
    facts = json.loads(error_json(UsageError("No.", hint="yes.")))
    assert facts == {"error": {"kind": "UsageError", "message": "No.", "hint": "yes."}}
