"""The card: what the model is, for those who use it and not only for those who made it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from proml_lab.contracts import Task
from proml_lab.promote.gates import words

if TYPE_CHECKING:
    from proml_lab.promote.assemble import Draft
    from proml_lab.promote.recorded import Metric

_SAYS: dict[Task, str] = {
    "binary": "For each row it gives the chance, between 0 and 1, that `{label}` is true.",
    "regression": "For each row it gives the expected value of `{label}`.",
    "count": "For each row it gives the expected count `{label}`.",
    "multiclass": "For each row it says which class `{label}` is.",
}
_WAYS = {
    "baseline": "It says the same for every row: the mean of the training data.",
    "linear": "It adds up one effect for each feature.",
    "trees": "It adds up many small decision trees, each of which mends what those before missed.",
}


def write(draft: Draft) -> str:
    """The card as Markdown; the same for the same inputs: no time, no version stands in it."""
    spec = draft.spec
    parts = [
        [f"# {spec.name}", *([spec.description] if spec.description else [])],
        ["## What it predicts", *_predicts(draft)],
        ["## How well, and how sure", *_quality(draft)],
        *(
            [["## What it had to reach", *words.markdown(draft.standing.gates)]]
            if draft.standing.gates
            else []
        ),
        *([["## What drives it", *drivers]] if (drivers := list(_drivers(draft))) else []),
        ["## On what data", *_data(draft)],
        ["## Limits", *_limits(draft)],
        ["## How to use it", *_use(draft)],
    ]
    return "\n\n".join(paragraph for part in parts for paragraph in part) + "\n"


def meaning(metric: str) -> str:
    """What a metric measures, in words; empty for one that the notebook made up."""
    from proml_lab.evaluate.metrics import METRICS

    return METRICS[metric].what if metric in METRICS else ""


def _predicts(draft: Draft) -> Iterable[str]:
    spec = draft.spec
    yield _SAYS[spec.label.task].format(label=spec.label.column)
    if spec.spine.entities:
        named = ", ".join(f"`{entity}`" for entity in spec.spine.entities)
        yield f"A row of `{spec.spine.source}` is described by {named} and the features below."
    if spec.spine.cutoff:
        yield f"It uses only what was known at `{spec.spine.cutoff}`."
    yield f"It is a {spec.learner.name} model. {_WAYS.get(spec.learner.name, '')}".rstrip()


def _quality(draft: Draft) -> Iterable[str]:
    whole = [metric for metric in draft.metrics if not metric.group]
    groups = [metric for metric in draft.metrics if metric.group]
    if not whole:
        yield "No metric was declared, so this card cannot say how good the model is."
        return
    rows = next((metric.n_rows for metric in whole if metric.n_rows), None)
    held = _held_out(draft)
    yield (f"Measured on {rows:,} rows {held}." if rows else f"Measured on rows {held}.")
    yield "\n".join(
        [
            "| metric | value | 95 % interval | better is | what it measures |",
            "| --- | ---: | :---: | --- | --- |",
            *(_row(metric) for metric in whole),
        ]
    )
    yield "The interval is where the value would likely fall on other rows of the same kind."
    verdicts = {metric.metric: metric.verdict for metric in whole if metric.verdict}
    if set(verdicts.values()) == {"best"}:
        yield "It is the best of the models that it was compared with, by each of these metrics."
    elif verdicts:
        said = "; ".join(f"{name}: {verdict}" for name, verdict in verdicts.items())
        yield f"Beside the models that it was compared with: {said}."
    if groups:
        yield f"For whom it does worse: {_worst(groups)}"


def _drivers(draft: Draft) -> Iterable[str]:
    """The features that move predictions most, where an explanation was declared."""
    for name, kind in draft.recorded.reports.items():
        if kind != "Explanation":
            continue
        rows = json.loads((draft.folder / "reports" / f"{name}.json").read_text(encoding="utf-8"))
        yield "The features that move its predictions most, and how much of all movement is theirs:"
        yield "\n".join(f"- `{row['feature']}`: {row['share']:.0%}" for row in rows[:8])


def _worst(groups: list[Metric]) -> str:
    """The group with the worst value of each metric."""
    said = []
    for name in dict.fromkeys(metric.metric for metric in groups):
        mine = [m for m in groups if m.metric == name and m.value is not None]
        if mine:
            sign = 1 if mine[0].direction == "higher" else -1
            worst = min(mine, key=lambda m: sign * (m.value or 0.0))
            best = max(mine, key=lambda m: sign * (m.value or 0.0))
            said.append(
                f"{name} runs from {_number(worst.value)} ({worst.group}) "
                f"to {_number(best.value)} ({best.group})"
            )
    return "; ".join(said) + "."


def _data(draft: Draft) -> Iterable[str]:
    yield f"Fitted on {draft.n_rows:,} rows (fingerprint `{draft.model['data']}`)."
    if draft.origins:
        lines = ["| source | rows | columns | fingerprint |", "| --- | ---: | --- | --- |"]
        for origin in draft.origins:
            names = ", ".join(origin.columns[:8]) + (" …" if len(origin.columns) > 8 else "")
            print_ = f"`{origin.fingerprint[:12]}…`"
            lines.append(f"| {origin.view} | {origin.n_rows:,} | {names} | {print_} |")
        yield "\n".join(lines)
    else:
        yield "The notebook made the data itself: no source is recorded."


def _limits(draft: Draft) -> Iterable[str]:
    start = draft.spec.split.start
    limits = [
        "It knows the world of its training data. Where that changes, its quality does too: "
        "measure again before you rely on it.",
        "What drives a prediction need not cause the outcome.",
    ]
    if draft.spec.split.by == "time" and start is not None:
        limits.insert(0, f"It was fitted on rows before {start:%Y-%m-%d}.")
    if not any(metric.group for metric in draft.metrics):
        limits.append("It was not measured for groups of rows apart: some may fare worse.")
    if not draft.metrics:
        limits.append("Nothing is known of its quality.")
    yield "\n".join(f"- {limit}" for limit in limits)


def _use(draft: Draft) -> Iterable[str]:
    yield (
        "```python\nfrom proml_lab import load_artifact\n\n"
        f'scores = load_artifact("{draft.spec.name}").predict(frame)\n```'
    )
    names = ", ".join(f"`{name}`" for name in draft.inputs)
    yield f"`frame` is a Polars, pandas or Arrow table with these columns: {names}."


def _held_out(draft: Draft) -> str:
    split = draft.spec.split
    if split.by == "random":
        return f"that were held out at random ({split.test:.0%} of all)"
    if split.start is not None:
        return f"that were held out: those from {split.start:%Y-%m-%d} on"
    return f"that were held out: the newest {split.test:.0%}"


def _row(metric: Metric) -> str:
    known = metric.low is not None and metric.high is not None
    interval = f"{_number(metric.low)} to {_number(metric.high)}" if known else "not known"
    cells = [metric.metric, _number(metric.value), interval, metric.direction or ""]
    return f"| {' | '.join([*cells, meaning(metric.metric)])} |"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
