"""The index of outputs: kept, replaced, and matched to the promoted model."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.promote.recorded import Metric, Recorded, note_parent


def metric(name: str, model: str, learner: str = "", **more: object) -> Metric:
    return Metric(name, 0.5, report="board", model=model, learner=learner, **more)  # type: ignore[arg-type]


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = Recorded("m", "trees", "0f", [metric("auc", "m")], {"board": {"m": "0f"}}, {"a": "B"})
    made.write(tmp_path / "new")
    assert Recorded.read(tmp_path / "new") == made
    assert Recorded.read(tmp_path) == Recorded()


@pytest.mark.parametrize(
    ("compared", "learners", "own"),
    [
        ({"a": "00", "m": "0f"}, ("trees", "linear"), "m"),
        ({"a": "0f", "m": "00"}, ("trees", "linear"), "a"),
        ({"a": "", "m": ""}, ("linear", "trees"), "m"),
        ({"a": "", "b": ""}, ("linear", "trees"), "b"),
        ({"a": "", "b": ""}, ("trees", "trees"), None),
        ({"a": "", "b": ""}, ("linear", "linear"), None),
    ],
)
def test_own_metrics_by_scores_then_name_then_learner(
    compared: dict[str, str], learners: tuple[str, str], own: str | None
) -> None:
    rows = [metric("auc", name, of) for name, of in zip(compared, learners, strict=True)]
    found = Recorded("m", "trees", "0f", [*rows, Metric("lift", 2.0)], {"board": compared})
    assert [m.model for m in found.own()] == ([own, ""] if own else [""])
    assert found.unmatched() == ([] if own else ["board"])


def test_numbers_are_those_over_all_rows_with_their_intervals() -> None:
    rows = [metric("auc", "m", low=0.4, high=0.6), metric("auc", "m", group="carrier = UA")]
    found = Recorded("m", "trees", "", [*rows, Metric("lost", None)], {"board": {"m": ""}})
    assert found.numbers() == {"auc": 0.5, "auc.low": 0.4, "auc.high": 0.6}


def test_parents_are_noted_in_a_promotion_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROML_OUTPUTS", raising=False)
    note_parent("x@1")
    monkeypatch.setenv("PROML_OUTPUTS", str(tmp_path / "out"))
    for name in ("x@2", "a@1", "x@2"):
        note_parent(name)
    assert Recorded.read(tmp_path / "out").parents == ["a@1", "x@2"]
