"""What a notebook declares as its outputs: the model, its metrics, the reports on it."""

from __future__ import annotations

import hashlib
import json
import math
import numbers
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab.contracts import Floats, Report
from proml_lab.errors import ArtifactError, DataError, UsageError
from proml_lab.model import Model
from proml_lab.promote import example, groups
from proml_lab.promote.gates import held_out
from proml_lab.promote.recorded import Metric, Recorded, writing
from proml_lab.promoting import OUTPUTS
from proml_lab.spec import check_name

_EVALUATION = "evaluation"
_TAKEN = ("metrics", "groups")
_SUFFIXES = (".json", ".html", ".svg")
_KINDS = "a model, a report (compare, explain), a number, or a dict of numbers"


@dataclass(frozen=True)
class Outputs:
    """Declared outputs: one row each, ``name``, ``kind``, ``what``, and whether they are kept.

    `folder` is None outside of a promotion: then they were checked only.
    """

    rows: tuple[tuple[str, str, str], ...]
    folder: Path | None = None

    def frame(self) -> pl.DataFrame:
        """One row an output: ``name``, ``kind``, ``what``."""
        names = dict.fromkeys(("name", "kind", "what"), pl.String)
        return pl.DataFrame(self.rows, schema=names, orient="row")

    def __str__(self) -> str:
        done = "Recorded" if self.folder else "A promotion of this notebook records"
        return f"{done} " + ", ".join(f"{name} ({what})" for name, _, what in self.rows) + "."

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        return html.bundle(str(self), html.lead(str(self)))


def record(values: Mapping[str, object], folder: str | Path | None = None) -> Outputs:
    """Keep what a promotion is to put into the artifact.

    Parameters
    ----------
    values
        Name to a Model (its name must be ``model``), a Report, a number or a dict of numbers.
        A name that was recorded before is replaced.
    folder
        Where to write; by default what the environment variable PROML_OUTPUTS says, which a
        promotion sets for its kernel. Without either the values are checked and not written.

    Raises
    ------
    UsageError
        Nothing given, a value of another kind, or a model under another name.
    NameNotAllowedError
        A name that cannot be a file's.
    RunError
        The disk is full, or cannot be written: nothing of these values is kept.
    """
    if not values:
        raise UsageError("No output is named.", hint="such as: %proml output model=gbm")
    rows = tuple((name, *_described(name, value)) for name, value in values.items())
    where = folder or os.environ.get(OUTPUTS)
    if not where:
        return Outputs(rows)
    kept = Path(where)
    with writing(kept):
        try:
            _keep(values, kept)
        except (OSError, ArtifactError):
            _forget(values, kept)
            raise
    return Outputs(rows, kept)


def _keep(values: Mapping[str, object], kept: Path) -> None:
    """Write every value, and the index last."""
    recorded = Recorded.read(kept)
    for name, value in values.items():
        if isinstance(value, Model):
            _keep_model(value, recorded, kept)
        elif isinstance(value, Report):
            _keep_report(_stem(name, value), value, recorded, kept)
        else:
            recorded.put(_numbers(name, value))
    model = values.get("model")
    if isinstance(model, Model) and not recorded.compared and model.test is not None:
        _keep_evaluation(model, recorded, kept)
    recorded.write(kept)


def _forget(values: Mapping[str, object], kept: Path) -> None:
    """Take away what may be half written, and with it the index, which may name it."""
    Recorded.remove(kept)
    if "model" in values:
        for part in ("model", held_out.FOLDER, example.FOLDER):
            shutil.rmtree(kept / part, ignore_errors=True)
    stems = [_stem(name, value) for name, value in values.items() if isinstance(value, Report)]
    for stem in (*stems, _EVALUATION):
        for suffix in _SUFFIXES:
            with suppress(OSError):
                (kept / "reports" / (stem + suffix)).unlink()


def _described(name: str, value: object) -> tuple[str, str]:
    """(kind, a few words) of an output; raises for what cannot be one."""
    check_name(name, role="name of the output")
    if isinstance(value, Model):
        if name != "model":
            raise UsageError(
                f"Output {name!r} is a model, and an artifact has one model, called 'model'.",
                hint="write model=… for it: %proml output model=VARIABLE",
            )
        return "model", f"{value.learner} model of {value.spec.label.column}"
    if name == "model":
        raise UsageError(
            f"Output 'model' is a {type(value).__name__}, not a model.",
            hint="give what 'fit' returned.",
        )
    if isinstance(value, Report):
        return "report", type(value).__name__
    if _is_number(value):
        return "metric", f"{value:.4g}"
    if isinstance(value, Mapping) and value and all(_is_number(v) for v in value.values()):
        return "metrics", f"{len(value)} numbers"
    raise UsageError(
        f"Output {name!r} is a {type(value).__name__}, which cannot be recorded.",
        hint=f"give {_KINDS}.",
    )


def _stem(name: str, report: Report) -> str:
    """What a report's files are called: some names are those of files of another kind."""
    return type(report).__name__.lower() if name in _TAKEN else name


def _keep_model(model: Model, recorded: Recorded, folder: Path) -> None:
    shutil.rmtree(folder / "model", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model")
    recorded.model, recorded.learner = model.name, model.learner
    held_out.keep(model, folder)
    groups.keep(model, folder)
    example.keep(model, folder)
    recorded.scores = _digest(model.predict(model.test)) if model.test is not None else ""


def _keep_evaluation(model: Model, recorded: Recorded, folder: Path) -> None:
    """Measure a model that came without metrics on its held-out rows, as its spec says."""
    from proml_lab.evaluate import evaluate
    from proml_lab.evaluate.metrics import METRICS

    if any(model.task in metric.tasks for metric in METRICS.values()):
        _keep_report(_EVALUATION, evaluate(model), recorded, folder)


def _keep_report(name: str, report: Report, recorded: Recorded, folder: Path) -> None:
    """``name.json`` (the data), ``name.svg`` (the picture) and ``name.html`` (without script)."""
    from proml_lab.plots.svg import to_svg

    place = folder / "reports"
    place.mkdir(parents=True, exist_ok=True)
    to_dict = getattr(report, "to_dict", None)
    data = to_dict() if callable(to_dict) else json.loads(report.frame().write_json())
    text = json.dumps(data, indent=1, ensure_ascii=False, default=str) + "\n"
    page = report._repr_mimebundle_().get("text/html", "")
    for suffix, content in ((".json", text), (".html", page)):
        (place / (name + suffix)).write_text(content, encoding="utf-8", newline="\n")
    with suppress(DataError):  # a report whose rows allow no picture
        drawn = to_svg(report.figure())
        (place / f"{name}.svg").write_text(drawn, encoding="utf-8", newline="\n")
    recorded.forget(name)
    recorded.reports[name] = type(report).__name__
    metrics = _metrics(name, report.frame())
    if metrics:
        if name != _EVALUATION:
            recorded.forget(_EVALUATION)
            for old in place.glob(f"{_EVALUATION}.*"):
                old.unlink()
        predictions = getattr(report, "predictions", {})
        recorded.compared[name] = {
            m.model: _digest(predictions[m.model]) if m.model in predictions else ""
            for m in metrics
        }
        recorded.put(metrics)
        if "fit_s" in report.frame().columns:
            recorded.seconds |= dict(
                report.frame().select("model", "fit_s").drop_nulls().iter_rows()
            )


def _metrics(report: str, frame: pl.DataFrame) -> list[Metric]:
    """The metrics in a report's frame, if it has the columns of one that measures."""
    if not {"model", "metric", "value"} <= set(frame.columns):
        return []
    known = [name for name in Metric.__dataclass_fields__ if name in frame.columns]
    return [Metric(**row, report=report) for row in frame.select(known).to_dicts()]


def _digest(scores: Floats) -> str:
    return hashlib.sha256(np.ascontiguousarray(scores, np.float64).tobytes()).hexdigest()


def _numbers(name: str, value: object) -> list[Metric]:
    if isinstance(value, Mapping):
        return [Metric(str(key), _number(inner)) for key, inner in value.items()]
    return [Metric(name, _number(value))]


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _number(value: object) -> float | None:
    """A float, or None where it is not finite: JSON has no NaN."""
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None
