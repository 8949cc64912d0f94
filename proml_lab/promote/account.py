"""The account of a model for whoever is no modeller: what the card and the report both say.

Every figure in it was recorded by the run; what was not recorded is said to be unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from proml_lab.contracts import Task
from proml_lab.duration import show_duration
from proml_lab.promote import groups, inputs
from proml_lab.promote.blocks import Block, Code, Folded, Table, interval, listed, number
from proml_lab.promote.gates.entry import PASSED
from proml_lab.promote.groups import Groups
from proml_lab.promote.inputs import moment, span
from proml_lab.words import counted

if TYPE_CHECKING:
    from proml_lab.promote.assemble import Draft
    from proml_lab.promote.recorded import Metric

_SAYS: dict[Task, str] = {
    "binary": "For each row it gives the chance, between 0 and 1, that `{label}` is true.",
    "regression": "For each row it gives the expected value of `{label}`.",
    "count": "For each row it gives the expected count `{label}`.",
    "quantile": "For each row it gives a value that `{label}` reaches at most in {quantile:.4g} of "
    "all cases (its quantile {quantile:.4g}).",
    "multiclass": "For each row it says which class `{label}` is.",
}
_WAYS = {
    "baseline": "It says the same for every row: the mean (or quantile) of the training data.",
    "linear": "It adds up one effect for each feature.",
    "trees": "It adds up many small decision trees, each of which mends what those before missed.",
}
_MOST = 8
_ALIKE = "no detectable difference"


def predicts(draft: Draft) -> Iterator[Block]:
    """What it predicts, of what, from what was known when."""
    spec = draft.spec
    yield _SAYS[spec.label.task].format(label=spec.label.column, quantile=spec.label.quantile)
    if spec.spine.entities:
        named = ", ".join(f"`{entity}`" for entity in spec.spine.entities)
        yield f"A row of `{spec.spine.source}` is described by {named} and the features below."
    if spec.spine.cutoff:
        yield f"It uses only what was known at the row's `{spec.spine.cutoff}`."
    yield f"It is a {spec.learner.name} model. {_WAYS.get(spec.learner.name, '')}".rstrip()


def quality(draft: Draft) -> Iterator[Block]:
    """How well, how sure, and beside which other models."""
    whole = [metric for metric in draft.metrics if not metric.group]
    if not whole:
        yield "No metric was declared, so nothing can be said of how good the model is."
        return
    rows = next((metric.n_rows for metric in whole if metric.n_rows), None)
    held = _held_out(draft)
    yield (f"Measured on {rows:,} rows {held}." if rows else f"Measured on rows {held}.")
    yield from filter(None, map(_plainly, whole))
    yield Table(
        ("metric", "value", "95 % interval", "better is", "what it measures"),
        tuple(
            (m.metric, number(m.value), interval(m.low, m.high), m.direction or "–", meaning(m))
            for m in whole
        ),
        right=(1,),
    )
    if any(metric.low is not None for metric in whole):
        yield (
            "The interval says how sure a figure is. The rows it was measured on are a sample: on "
            "other rows of the same kind the figure would likely lie in the interval. The fewer "
            "rows, the wider it is."
        )
    else:
        yield "How sure these figures are is not known: they were declared without an interval."
    yield from _beside(draft, whole)


def meaning(metric: Metric) -> str:
    """What a metric measures, in words; ``–`` for one that the notebook made up."""
    from proml_lab.evaluate.metrics import METRICS

    return METRICS[metric.metric].what if metric.metric in METRICS else "–"


def fares_worse(draft: Draft) -> Iterator[Block]:
    """For whom it does worse, by groups of held-out rows that are large enough."""
    found = groups.read(draft.folder)
    if found is None:
        yield (
            "This was not measured: there were no held-out rows, or no column of few values to "
            "part them by. Some may fare worse than others."
        )
        return
    judged, worse = found.judged, found.worse
    columns = listed(f"`{name}`" for name in dict.fromkeys(found.table["column"]))
    yield (
        f"Measured by {found.metric} ({found.direction} is better) in each group of {columns} that "
        f"has at least {found.least_rows} held-out rows: {judged.height} groups."
    )
    if worse.height:
        many = worse.height > 1
        yield (
            f"For {'these' if many else 'this one'} it does worse than for the groups of that "
            "column on average, by more than chance explains:"
        )
        yield _grouped(found, worse.head(_MOST).to_dicts())
        if worse.height > _MOST:
            yield f"So it does for {worse.height - _MOST} more."
    elif judged.height:
        yield "For none of them it does worse than for the others by more than chance explains."
    if judged.height:
        yield Folded("All groups with enough rows", (_grouped(found, judged.to_dicts()),))


def drivers(draft: Draft) -> Iterator[Block]:
    """The features that move predictions most, where an explanation was declared."""
    kinds = draft.recorded.reports.items()
    name = next((name for name, kind in kinds if kind == "Explanation"), None)
    if name is None:
        yield "This was not recorded: the notebook declared no explanation."
        return
    rows = json.loads((draft.folder / "reports" / f"{name}.json").read_text(encoding="utf-8"))
    yield "The features that move its predictions most, and how much of all movement is theirs:"
    yield tuple(f"`{row['feature']}`: {row['share']:.0%}" for row in rows[:_MOST])


def data(draft: Draft) -> Iterator[Block]:
    """What it was fitted on: periods, sources, and what was kept of them."""
    trained = draft.standing.trained
    rows = f"Fitted on {draft.n_rows:,} rows"
    if trained is not None:
        rows += f", from {span(trained.first, trained.last)}"
    yield f"{rows} (fingerprint `{_short(draft.model['data'])}`)."
    held = draft.standing.rows
    if held is not None:
        when = f", from {span(held.first, held.last)}" if held.first and held.last else ""
        yield f"Measured on {held.n_rows:,} other rows{when}."
    found = inputs.read(draft.folder)
    if not found.sources:
        yield "The notebook made the data itself: no source is recorded."
    else:
        yield Table(
            ("source", "file", "rows", "known up to (UTC)", "copy kept", "fingerprint"),
            tuple(
                (
                    one.view,
                    one.source,
                    f"{one.n_rows:,}",
                    moment(one.until) if one.until else "–",
                    f"no: {one.missing}" if one.missing else "yes",
                    f"`{_short(one.fingerprint)}`",
                )
                for one in found.sources
            ),
            right=(2,),
        )
        yield (
            "Known up to: nothing that became known later was used (–: time plays no part). "
            "Equal fingerprints mean equal contents."
        )
        taken = ((one.view, ", ".join(one.columns)) for one in found.sources)
        yield Folded("What was taken of each source", (Table(("source", "columns"), (*taken,)),))
    if found.others:
        yield f"The notebook read {counted(found.others, 'other file')}."
    if found.missing:
        yield f"Not all files were kept ({'; '.join(found.missing)})."


def use(draft: Draft, key: str = "") -> Iterator[Block]:
    """How to use and to check it: `key` from its workspace, or without one from its own folder."""
    place, key = ("workspace", key) if key else ("artifact", ".")
    yield f"In a notebook or in Python, from the folder of the {place}:"
    yield Code(
        f'from proml_lab import load_artifact\n\nscores = load_artifact("{key}").predict(frame)'
    )
    yield "Where MLflow is, in the folder of the artifact, with a pandas table:"
    yield Code('import mlflow\n\nscores = mlflow.pyfunc.load_model("model").predict(table)')
    yield "To see all that was recorded, to check that nothing was changed, and to make it again:"
    yield Code(f"proml show {key}\nproml verify {key}\nproml reproduce {key}", "bash")
    names = ", ".join(f"`{name}`" for name in draft.inputs)
    yield Folded(f"The table needs {len(draft.inputs)} columns", (names,))


def limits(draft: Draft) -> Iterator[Block]:
    """What the data cannot show, as one list."""
    yield (*_of_time(draft), *_of_groups(groups.read(draft.folder)), *_of_use(draft))


def status(draft: Draft) -> str:
    """What to know before all else: that it must not be used, or was overridden; else empty."""
    standing = draft.standing
    stops = [f"{gate.gate} {gate.limit}" for gate in standing.gates if gate.stops]
    if not stops:
        return ""
    failed = f"it does not pass {len(stops)} of its {len(standing.gates)} gates ({listed(stops)})"
    if standing.override is None:
        return f"Rejected: {failed}. By its spec it must not be used."
    return f"Overridden: {failed}, and someone decided that it may be used all the same."


def _plainly(metric: Metric) -> str:
    """A figure as a sentence, for those metrics that make one."""
    if metric.value is None:
        return ""
    match metric.metric:
        case "auc":
            return (
                f"Of two rows, one of each label, it ranks the right one higher in "
                f"{metric.value:.0%} of all cases; by chance it would be 50%."
            )
        case "mae":
            return f"On average it is off by {number(metric.value)}."
        case "r2":
            return f"It explains {metric.value:.0%} of how the labels vary; the mean alone, 0%."
    return ""


def _beside(draft: Draft, whole: list[Metric]) -> Iterator[Block]:
    """How it stands among the models that it was compared with, by which metrics."""
    told = [metric for metric in whole if metric.verdict]
    if not told:
        yield "It was not compared with another model."
        return
    report, mine = told[0].report, told[0].model
    kept = json.loads((draft.folder / "reports" / f"{report}.json").read_text(encoding="utf-8"))
    every = kept.get("metrics", []) if isinstance(kept, dict) else kept
    rows = [row for row in every if row.get("group") is None and row["model"] != mine]
    named = [f"`{name}`" for name in dict.fromkeys(row["model"] for row in rows)]
    others = listed(named) if named else "other models"
    standings: dict[str, list[str]] = {}
    for metric in told:
        rivals = [row for row in rows if row["metric"] == metric.metric]
        standings.setdefault(_standing(metric.verdict or "", rivals), []).append(metric.metric)
    yield f"Compared with {others} on the same rows:"
    yield tuple(f"by {listed(names)}: {said}" for said, names in standings.items())


def _standing(verdict: str, rivals: list[dict[str, str]]) -> str:
    """``it is the best``, or beside whom it is not; `rivals` have ``model`` and ``verdict``."""
    best = [f"`{row['model']}`" for row in rivals if row.get("verdict") == "best"]
    alike = [f"`{row['model']}`" for row in rivals if row.get("verdict") == _ALIKE]
    if verdict == "best" and alike:
        return f"its value is the best, but not detectably better than that of {listed(alike)}"
    if verdict == "best":
        return "it is the best"
    named = listed(best) if best else "the best"
    return f"it is worse than {named}" if verdict == "worse" else f"{_ALIKE} from {named}"


def _grouped(found: Groups, rows: list[dict[str, float]]) -> Table:
    return Table(
        ("group", "rows", found.metric, "95 % interval", "beside the average (95 % interval)"),
        tuple(
            (
                f"{row['column']} = {row['group']}",
                f"{row['n_rows']:,}",
                number(row["value"]),
                interval(row["low"], row["high"]),
                f"{row['difference']:+.2g} ({row['difference_low']:+.2g} to "
                f"{row['difference_high']:+.2g})",
            )
            for row in rows
        ),
        right=(1, 2),
    )


def _of_time(draft: Draft) -> Iterator[str]:
    """Limits by the period, by how rows were held out, and by the rule of what was known."""
    spec, standing = draft.spec, draft.standing
    if standing.trained is not None:
        learnt = span(standing.trained.first, standing.trained.last)
        yield f"It has learnt from {learnt} only, and knows nothing of other times."
    elif spec.split.by == "time" and spec.split.start is not None:
        end = spec.split.start - (spec.split.gap or timedelta(0))
        yield f"It was fitted on rows before {end:%Y-%m-%d}."
    if spec.split.by != "time":
        chosen = "of other entities" if spec.split.by == "entity" else "drawn at random"
        yield (
            f"It was measured on rows {chosen} from the same period: on later rows it may "
            "do worse, and that was not measured."
        )
    if spec.spine.cutoff:
        yield (
            f"It was given what each source says was known at `{spec.spine.cutoff}`. A source that "
            "comes later in use than it says makes the model worse than it was measured here."
        )
    else:
        yield (
            "Its rows have no cutoff: whether the features were known at the moment of a "
            "prediction was not checked."
        )
    yield (
        "It knows the world of its training data. Where that changes, its quality does too: "
        "measure again before you rely on it. The intervals take every row as independent of the "
        "others, and say nothing of such changes."
    )


def _of_groups(found: Groups | None) -> Iterator[str]:
    if found is None:
        yield "It was not measured for groups of rows apart: some may fare worse."
        return
    small = found.small
    if small.height:
        several = small.height > 1
        shown = [f"{row['column']} = {row['group']}" for row in small.head(_MOST).to_dicts()]
        more = f" and {small.height - _MOST} more" if small.height > _MOST else ""
        yield (
            f"Of {small.height} group{'s' if several else ''} with too few held-out rows nothing "
            f"can be said: {', '.join(shown)}{more}."
        )
    if found.crowded:
        named = listed(f"`{name}`" for name in found.crowded)
        yield f"It was not measured for each value of {named}: there are too many."


def _of_use(draft: Draft) -> Iterator[str]:
    yield "What drives a prediction need not cause the outcome."
    if not draft.metrics:
        yield "Nothing is known of its quality."
    unmet = [gate.gate for gate in draft.standing.gates if gate.verdict != PASSED]
    if unmet:
        yield f"It was not shown to reach what its spec asks for: {listed(unmet)}."


def _held_out(draft: Draft) -> str:
    split = draft.spec.split
    share = f"{split.test:.0%} of all"
    match split.by:
        case "random":
            return f"that were held out at random ({share})"
        case "stratified":
            return f"that were held out at random, with equal shares of the label ({share})"
        case "entity":
            entity = split.entity or next(iter(draft.spec.spine.entities), "entity")
            return f"of `{entity}` that were held out, all rows of each (about {share})"
    gap = f", after a gap of {show_duration(split.gap)}" if split.gap else ""
    if split.start is not None:
        return f"that were held out: those from {split.start:%Y-%m-%d} on{gap}"
    return f"that were held out: the newest {split.test:.0%}{gap}"


def _short(fingerprint: str) -> str:
    return f"{fingerprint[:8]}…"
