"""Gates are judged by figures that NumPy finds again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Floats
from proml_lab.errors import DataError
from proml_lab.promote.gates.entry import GateEntry
from proml_lab.promote.gates.held_out import HeldOut
from proml_lab.promote.gates.judge import Champion, Evidence, judge
from proml_lab.promote.recorded import Metric
from proml_lab.spec import ModelSpec

RNG = np.random.default_rng(5)
X = RNG.normal(size=300)
Y = (RNG.random(300) < 1 / (1 + np.exp(-2 * X))).astype(float)
GOOD = 1 / (1 + np.exp(-2 * X))
NOISE = RNG.random(300)
CONSTANT = np.full(300, 0.5)


def spec(**gates: str) -> ModelSpec:
    said = ", ".join(f'{name}: "{limit}"' for name, limit in gates.items())
    return ModelSpec.parse(f"{{name: a, label: late, spine: {{source: b}}, gates: {{{said}}}}}")


def held(folder: Path, scores: Floats = GOOD, *, baseline: float | None = 0.5) -> HeldOut:
    place = folder / "held_out"
    place.mkdir(exist_ok=True)
    pl.DataFrame({"x": X}).write_parquet(place / "rows.parquet")
    return HeldOut(place, Y, scores, baseline, "f" * 32)


def one(
    kept: HeldOut | None,
    gate: str,
    limit: str,
    champion: Champion | None = None,
    declared: tuple[Metric, ...] = (),
    checks: dict[str, tuple[str, str]] | None = None,
) -> GateEntry:
    evidence = Evidence(kept, declared, lambda: champion, checks or {})
    (entry,) = judge(spec(**{gate: limit}), evidence)
    assert (entry.gate, entry.limit) == (gate, limit)
    return entry


def auc(scores: Floats) -> float:
    above = scores[Y > 0][:, None] - scores[Y == 0][None, :]
    return float((above > 0).mean() + (above == 0).mean() / 2)


def log_loss(scores: Floats) -> float:
    return float(-np.mean(Y * np.log(scores) + (1 - Y) * np.log(1 - scores)))


def test_a_number_is_held_against_the_value_and_not_its_interval(tmp_path: Path) -> None:
    kept, value = held(tmp_path), auc(GOOD)
    just = one(kept, "auc", f">= {value - 1e-6:.9f}")
    assert (just.verdict, just.stops) == ("passed", False)
    assert just.value == pytest.approx(value)
    assert just.low is not None
    assert just.low < value - 0.01
    over = one(kept, "auc", f">= {value + 1e-6:.9f}")
    assert (over.verdict, over.stops) == ("failed", True)
    assert over.why.startswith(f"auc is {value:.4g}; it must be at least ")
    assert '--override "reason"' in over.mend
    assert one(kept, "log_loss", "< 0.5").verdict == (
        "passed" if log_loss(GOOD) < 0.5 else "failed"
    )


@pytest.mark.parametrize(
    ("scores", "limit", "verdict"),
    [
        (GOOD, "< baseline", "passed"),
        (GOOD, "<= baseline", "passed"),
        (GOOD, "> baseline", "failed"),
        (CONSTANT, "< baseline", "failed"),
        (CONSTANT, "<= baseline", "passed"),
        (CONSTANT, ">= baseline", "passed"),
        (NOISE, "<= baseline", "failed"),
    ],
)
def test_strict_limits_want_a_sure_gain_and_others_no_sure_loss(
    tmp_path: Path, scores: Floats, limit: str, verdict: str
) -> None:
    entry = one(held(tmp_path, scores), "log_loss", limit)
    assert entry.verdict == verdict
    assert entry.against == "baseline"
    assert entry.other == pytest.approx(np.log(2))
    assert entry.difference == pytest.approx(log_loss(scores) - np.log(2))


def test_the_difference_has_the_paired_interval(tmp_path: Path) -> None:
    """Drawn again here by plain NumPy with other random numbers."""
    entry = one(held(tmp_path), "log_loss", "< baseline")
    losses = -(Y * np.log(GOOD) + (1 - Y) * np.log(1 - GOOD)) - np.log(2)
    draws = [RNG.choice(losses, 300).mean() for _ in range(4000)]
    want = np.quantile(draws, [0.025, 0.975])
    assert entry.difference_low == pytest.approx(want[0], abs=0.01)
    assert entry.difference_high == pytest.approx(want[1], abs=0.01)


def test_the_champion_is_scored_on_the_same_rows(tmp_path: Path) -> None:
    better = Champion("a@1", lambda frame: 1 / (1 + np.exp(-2 * frame["x"].to_numpy())))
    entry = one(held(tmp_path, NOISE), "auc", ">= champion", better)
    assert (entry.verdict, entry.against) == ("failed", "a@1")
    assert entry.other == pytest.approx(auc(GOOD))
    assert "auc is 0." in entry.why
    assert "beside the champion" in entry.why
    assert one(held(tmp_path), "auc", ">= champion", better).verdict == "passed"
    assert one(held(tmp_path), "auc", "> champion", better).verdict == "failed"
    noise = Champion("a@1", lambda frame: NOISE)
    assert one(held(tmp_path), "auc", "> champion", noise).verdict == "passed"


def test_without_a_champion_the_gate_passes_and_says_so(tmp_path: Path) -> None:
    for kept in (held(tmp_path), None):
        entry = one(kept, "auc", "> champion")
        assert entry.verdict == "passed"
        assert entry.why == "There is no champion yet: nothing to be held against."


def _fails(frame: pl.DataFrame) -> Floats:
    raise DataError("Column 'z' is not there.")


@pytest.mark.parametrize(
    ("champion", "said"),
    [
        (Champion("a@1", trouble="its folder is gone"), "its folder is gone"),
        (Champion("a@1", _fails), "Column 'z' is not there"),
        (Champion("a@1", lambda frame: frame["x"].to_numpy() * np.nan), "no finite number"),
    ],
)
def test_a_champion_that_cannot_score_is_not_passed_by(
    tmp_path: Path, champion: Champion, said: str
) -> None:
    entry = one(held(tmp_path), "auc", ">= champion", champion)
    assert (entry.verdict, entry.stops) == ("not checked", True)
    assert said in entry.why
    assert "give the alias champion" in entry.mend


def test_a_model_without_its_held_out_rows(tmp_path: Path) -> None:
    """A comparison that was declared counts, a number that was written by hand does not."""
    by_hand = (Metric("auc", 0.99),)
    compared = (Metric("auc", 0.7, 0.6, 0.8, report="comparison", model="a"),)
    assert one(None, "auc", ">= 0.68", declared=by_hand).verdict == "not checked"
    entry = one(None, "auc", ">= 0.68", declared=(*by_hand, *compared))
    assert (entry.verdict, entry.value, entry.low, entry.high) == ("passed", 0.7, 0.6, 0.8)
    for rival in ("baseline", "champion"):
        champion = Champion("a@1", lambda frame: NOISE)
        entry = one(None, "auc", f"> {rival}", champion, declared=compared)
        assert (entry.verdict, entry.stops) == ("not checked", True)
        assert "without its held-out rows" in entry.why
    assert one(held(tmp_path), "auc", "< 0.5", declared=compared).value == pytest.approx(auc(GOOD))
    assert one(held(tmp_path, baseline=None), "auc", "> baseline").verdict == "not checked"


def test_a_figure_that_is_not_defined(tmp_path: Path) -> None:
    ones = HeldOut(tmp_path, np.ones(300), GOOD, 0.5, "f" * 32)
    for limit in (">= 0.5", "> baseline"):
        entry = one(ones, "auc", limit)
        assert entry.verdict == "not checked"
        assert "not defined on the held-out rows" in entry.why


@pytest.mark.parametrize(
    ("limit", "verdict", "judged", "stops"),
    [
        ("pass", "pass", "passed", False),
        ("pass", "warn", "failed", True),
        ("pass", "fail", "failed", True),
        ("pass", None, "not checked", True),
        ("warn", "fail", "failed", False),
        ("warn", None, "not checked", False),
    ],
)
def test_gates_on_checks(limit: str, verdict: str | None, judged: str, stops: bool) -> None:
    checks = {"leakage": (verdict, "It smells.")} if verdict else {}
    entry = one(None, "leakage", limit, checks=checks)
    assert (entry.verdict, entry.stops) == (judged, stops)
    assert entry.why == (
        "It smells." if verdict else "No report of this run has a verdict on leakage."
    )


def test_verdicts_come_in_the_order_of_the_spec(tmp_path: Path) -> None:
    asked = spec(auc="> 0", leakage="warn", brier="< baseline", log_loss="< 9")
    evidence = Evidence(held(tmp_path), (), lambda: None, {})
    assert [entry.gate for entry in judge(asked, evidence)] == list(asked.gates)


def test_gates_of_a_quantile_are_measured_at_that_quantile(tmp_path: Path) -> None:
    y = np.random.default_rng(2).normal(size=400)
    high = np.full(400, np.quantile(y, 0.9))
    label = "{column: y, task: quantile, quantile: 0.9}"
    gates = '{pinball: "< baseline", coverage_gap: "<= 0.05"}'
    asked = ModelSpec.parse(f"{{name: a, label: {label}, spine: {{source: b}}, gates: {gates}}}")
    kept = HeldOut(tmp_path, y, high, float(np.median(y)), "f" * 32)
    pinball, gap = judge(asked, Evidence(kept, (), lambda: None, {}))
    assert (pinball.verdict, gap.verdict) == ("passed", "passed")
    assert pinball.value == pytest.approx(np.mean(np.where(y >= high, 0.9, -0.1) * (y - high)))
    assert gap.value == pytest.approx(0.0, abs=0.003)
