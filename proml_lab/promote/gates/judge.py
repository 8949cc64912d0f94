"""Judge the gates of a spec: by the promoted model's own figures on the rows that it held out.

Method: docs/method.md#gates.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from proml_lab.contracts import Floats
from proml_lab.errors import ProMLError
from proml_lab.promote.gates.entry import FAILED, PASSED, UNCHECKED, GateEntry
from proml_lab.promote.gates.held_out import HeldOut

if TYPE_CHECKING:
    from proml_lab.promote.recorded import Metric
    from proml_lab.spec import ModelSpec

_LIMIT = re.compile(r"([<>]=?)\s*(\S+)")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_WORDS = {">": "above", ">=": "at least", "<": "below", "<=": "at most"}
_RESAMPLES, _SEED = 1000, 7
_OVERRIDE = 'or promote with --override "reason"'


@dataclass(frozen=True)
class Champion:
    """The version to beat: its key, how to predict with it, or why that cannot be done."""

    key: str
    predict: Callable[[pl.DataFrame], Floats] | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Evidence:
    """What is known when gates are judged.

    Attributes
    ----------
    held
        The model's held-out rows; None for a model that came without them.
    declared
        Metrics of the model that the notebook declared.
    champion
        Called only if a gate names the champion; None from it says that there is none.
    checks
        Name or code of a check (``lint``, ``drift``, ``PN050``) to its verdict and a sentence.
    """

    held: HeldOut | None
    declared: tuple[Metric, ...]
    champion: Callable[[], Champion | None]
    checks: Mapping[str, tuple[str, str]]


def judge(spec: ModelSpec, evidence: Evidence) -> tuple[GateEntry, ...]:
    """The verdict on every gate of `spec`, in its order.

    A limit that is a number is held against the value itself, its interval does not count. ``>``
    or ``<`` baseline or champion wants a difference whose whole 95 % interval is on that side;
    ``>=`` or ``<=`` only that the interval is not all on the other side. What cannot be checked
    is told so and does not pass; only where there is no champion yet, the gate passes.
    """
    found: dict[str, GateEntry] = {}
    asked: dict[str, dict[str, tuple[str, str]]] = {}
    for gate, limit in spec.gates.items():
        parts = _LIMIT.fullmatch(limit)
        if parts is None:
            found[gate] = _check(gate, limit, evidence.checks)
        else:
            rival = parts[2] if parts[2] in ("baseline", "champion") else ""
            asked.setdefault(rival, {})[gate] = (parts[1], parts[2])
    for rival, gates in asked.items():
        judged = _numbers(spec, gates, evidence) if not rival else ()
        if rival == "baseline":
            judged = _against_baseline(spec, gates, evidence)
        elif rival == "champion":
            judged = _against_champion(spec, gates, evidence)
        found.update({entry.gate: entry for entry in judged})
    return tuple(found[gate] for gate in spec.gates)


def _check(gate: str, limit: str, checks: Mapping[str, tuple[str, str]]) -> GateEntry:
    """A gate on the verdict of a check."""
    if gate not in checks:
        return GateEntry(
            gate=gate,
            limit=limit,
            verdict=UNCHECKED,
            why=f"No report of this run has a verdict on {gate}.",
            mend=f"declare a report with a row whose check or code is {gate!r}, take the gate out "
            f"of the spec, {_OVERRIDE}",
        )
    verdict, why = checks[gate]
    passed = verdict == "pass"
    return GateEntry(
        gate=gate,
        limit=limit,
        verdict=PASSED if passed else FAILED,
        why=why,
        mend="" if passed else f"mend what the check found, {_OVERRIDE}",
    )


def _numbers(
    spec: ModelSpec, gates: Mapping[str, tuple[str, str]], evidence: Evidence
) -> Iterable[GateEntry]:
    """Gates with a number for a limit."""
    held = evidence.held
    rows: dict[str, dict[str, float | None]] = {
        m.metric: {"value": m.value, "low": m.low, "high": m.high}
        for m in evidence.declared
        if m.report and m.group is None
    }
    if held is not None:
        rows |= {name: rest for name, rest, _ in _measured(spec, gates, held, {})}
    for gate, (sign, text) in gates.items():
        limit = spec.gates[gate]
        figures = rows.get(gate, {})
        value = figures.get("value")
        if value is None:
            yield _unmeasured(gate, limit, held)
            continue
        passed = _COMPARE[sign](value, float(text))
        yield GateEntry(
            gate=gate,
            limit=limit,
            verdict=PASSED if passed else FAILED,
            value=value,
            low=figures.get("low"),
            high=figures.get("high"),
            why=f"{gate} is {value:.4g}; it must be {_WORDS[sign]} {text}.",
            mend="" if passed else f"improve the model or change the limit, {_OVERRIDE}",
        )


def _against_baseline(
    spec: ModelSpec, gates: Mapping[str, tuple[str, str]], evidence: Evidence
) -> Iterable[GateEntry]:
    """Gates against what says the mean of the training labels for every row."""
    held = evidence.held
    if held is None or held.baseline is None:
        return [_unmeasured(gate, spec.gates[gate], held) for gate in gates]
    constant = np.full(len(held.y), held.baseline)
    return _paired(spec, gates, held, "baseline", constant)


def _against_champion(
    spec: ModelSpec, gates: Mapping[str, tuple[str, str]], evidence: Evidence
) -> Iterable[GateEntry]:
    """Gates against the version that has the alias champion now."""
    champion = evidence.champion()
    if champion is None:
        return [
            GateEntry(
                gate=gate,
                limit=spec.gates[gate],
                verdict=PASSED,
                why="There is no champion yet: nothing to be held against.",
            )
            for gate in gates
        ]
    held = evidence.held
    rows = held.frame() if held is not None else None
    if held is None or rows is None:
        return [_unmeasured(gate, spec.gates[gate], held) for gate in gates]
    trouble = champion.trouble
    if champion.predict is not None:
        try:
            scores = champion.predict(rows)
            if np.isfinite(scores).all():
                return _paired(spec, gates, held, champion.key, scores)
            trouble = "it predicts no finite number for some rows"
        except ProMLError as error:
            trouble = error.message.rstrip(".")
    return [
        GateEntry(
            gate=gate,
            limit=spec.gates[gate],
            verdict=UNCHECKED,
            against=champion.key,
            why=f"The champion {champion.key} could not score the held-out rows: {trouble}.",
            mend=f"give the alias champion to a version that can, {_OVERRIDE}",
        )
        for gate in gates
    ]


def _paired(
    spec: ModelSpec,
    gates: Mapping[str, tuple[str, str]],
    held: HeldOut,
    against: str,
    scores: Floats,
) -> Iterable[GateEntry]:
    """Gates against other predictions of the same rows."""
    for gate, own, other in _measured(spec, gates, held, {against: scores}):
        sign, rival = gates[gate]
        value, difference = own["value"], other["difference"]
        low, high = other["low"], other["high"]
        if value is None or difference is None or low is None or high is None:
            yield _unmeasured(gate, spec.gates[gate], held)
            continue
        passed, wanted = _decided(sign, low, high)
        yield GateEntry(
            gate=gate,
            limit=spec.gates[gate],
            verdict=PASSED if passed else FAILED,
            value=value,
            low=own["low"],
            high=own["high"],
            against=against,
            other=other["value"],
            difference=difference,
            difference_low=low,
            difference_high=high,
            why=f"{gate} is {value:.4g}, {difference:+.2g} beside the {rival} "
            f"({low:+.2g} to {high:+.2g}); that interval must {wanted}.",
            mend="" if passed else f"improve the model, {_OVERRIDE}",
        )


def _decided(sign: str, low: float, high: float) -> tuple[bool, str]:
    """Whether a difference from `low` to `high` meets the limit `sign`, and what that asks for."""
    match sign:
        case ">":
            return low > 0, "lie above 0"
        case "<":
            return high < 0, "lie below 0"
        case ">=":
            return high >= 0, "reach 0 or above"
        case _:
            return low <= 0, "reach 0 or below"


def _measured(
    spec: ModelSpec, gates: Iterable[str], held: HeldOut, other: Mapping[str, Floats]
) -> Iterable[tuple[str, dict[str, float | None], dict[str, float | None]]]:
    """(metric, the model's value and interval, those of the `other` and of the difference)."""
    from proml_lab.evaluate.measure import measure
    from proml_lab.evaluate.metrics import get

    metrics = [get(gate, spec.label.task).at(spec.label.quantile) for gate in gates]
    both = {"model": held.scores, **{f"other {name}": s for name, s in other.items()}}
    table = measure(held.y, both, metrics, resamples=_RESAMPLES, seed=_SEED)
    for gate in gates:
        rows = table.filter(pl.col("metric") == gate).drop("metric", "model").to_dicts()
        own = {key: rows[0][key] for key in ("value", "low", "high")}
        first_is_best = rows[0].pop("verdict") == "best"
        yield gate, own, _difference(rows[0], rows[1], first_is_best=first_is_best) if other else {}


def _difference(
    first: dict[str, float | None], second: dict[str, float | None], *, first_is_best: bool
) -> dict[str, float | None]:
    """Of two rows of `measure`, which gives each its difference to the best: first less second."""
    told, sign = (second, -1.0) if first_is_best else (first, 1.0)
    value, low, high = (told[f"difference{end}"] for end in ("", "_low", "_high"))
    ends = None if low is None or high is None else sorted((sign * low, sign * high))
    return {
        "value": second["value"],
        "difference": None if value is None else sign * value,
        "low": ends[0] if ends else None,
        "high": ends[1] if ends else None,
    }


def _unmeasured(gate: str, limit: str, held: HeldOut | None) -> GateEntry:
    if held is None:
        why = f"The model came without its held-out rows, so {gate} could not be measured."
        mend = f"declare the model that 'fit' returned in this very run, {_OVERRIDE}"
    else:
        why = f"{gate} is not defined on the held-out rows: they have too little of each kind."
        mend = f"hold out more rows, {_OVERRIDE}"
    return GateEntry(gate=gate, limit=limit, verdict=UNCHECKED, why=why, mend=mend)
