"""What a notebook declares as its outputs: the model, its metrics, the reports on it."""

from __future__ import annotations

import json
import math
import numbers
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from proml_lab.contracts import Report
from proml_lab.errors import UsageError
from proml_lab.model import Model
from proml_lab.spec import check_name

VARIABLE = "PROML_OUTPUTS"
INDEX = "outputs.json"
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
    """
    if not values:
        raise UsageError("No output is named.", hint="such as: %proml output model=gbm")
    rows = tuple((name, *_described(name, value)) for name, value in values.items())
    where = folder or os.environ.get(VARIABLE)
    if not where:
        return Outputs(rows)
    kept = Path(where)
    kept.mkdir(parents=True, exist_ok=True)
    recorded = Recorded.read(kept)
    for name, value in values.items():
        if isinstance(value, Model):
            shutil.rmtree(kept / "model", ignore_errors=True)
            value.save(kept / "model")
            recorded.model = value.name
        elif isinstance(value, Report):
            stem = type(value).__name__.lower() if name == "metrics" else name
            recorded.reports[stem] = type(value).__name__
            _keep_report(stem, value, kept / "reports")
            recorded.put(_metrics(value.frame()))
        else:
            recorded.put(_numbers(name, value))
    recorded.write(kept)
    return Outputs(rows, kept)


@dataclass(frozen=True)
class Metric:
    """One figure with its interval, as a comparison's frame has it.

    `group` is empty for all rows, `direction` says which values are better, `verdict` how the
    model stands among those it was compared with, `model` may be empty.
    """

    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    direction: str | None = None
    group: str | None = None
    verdict: str | None = None
    n_rows: int | None = None
    model: str = ""

    def row(self) -> dict[str, object]:
        """The figure without the name of its model."""
        return {name: value for name, value in asdict(self).items() if name != "model"}


@dataclass
class Recorded:
    """The index of a folder of outputs, as ``outputs.json`` keeps it."""

    model: str = ""
    metrics: list[Metric] = field(default_factory=list)
    reports: dict[str, str] = field(default_factory=dict)
    parents: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Recorded:
        """What was recorded so far; nothing if the folder is empty."""
        path = folder / INDEX
        if not path.is_file():
            return cls()
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**data, "metrics": [Metric(**row) for row in data["metrics"]]})

    def put(self, metrics: list[Metric]) -> None:
        """Add metrics; one of the same name and model is replaced."""
        known = {(row.model, row.metric, row.group): row for row in [*self.metrics, *metrics]}
        self.metrics = list(known.values())

    def own(self) -> list[Metric]:
        """The metrics of the model that is promoted; those of others stay in their report."""
        return [metric for metric in self.metrics if metric.model in ("", self.model)]

    def numbers(self) -> dict[str, float]:
        """Flat numbers for the registry: ``auc``, and ``auc.low``, ``auc.high`` where known."""
        found: dict[str, float] = {}
        for metric in self.metrics:
            sides = {"": metric.value, ".low": metric.low, ".high": metric.high}
            known = {side: number for side, number in sides.items() if number is not None}
            name = f"{metric.metric} {metric.group}" if metric.group else metric.metric
            found.update({name + side: number for side, number in known.items()})
        return found

    def write(self, folder: Path) -> None:
        """Write the index whole."""
        beside = folder / (INDEX + ".part")
        beside.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        beside.replace(folder / INDEX)


def note_parent(artifact: str) -> None:
    """In a promotion, remember that the notebook read `artifact`, such as ``flight-delay@2``."""
    where = os.environ.get(VARIABLE)
    if where:
        recorded = Recorded.read(Path(where))
        recorded.parents = sorted({*recorded.parents, artifact})
        Path(where).mkdir(parents=True, exist_ok=True)
        recorded.write(Path(where))


def _described(name: str, value: object) -> tuple[str, str]:
    """(kind, a few words) of an output; raises for what cannot be one."""
    check_name(name, role="name of the output")
    if isinstance(value, Model):
        if name != "model":
            raise UsageError(
                f"Output {name!r} is a model, and an artifact has one model, called 'model'.",
                hint=f"%proml output model={name}",
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


def _keep_report(name: str, report: Report, folder: Path) -> None:
    """``name.json`` (the rows), ``name.svg`` (the picture) and ``name.html`` (without script)."""
    from proml_lab.plots.svg import to_svg

    folder.mkdir(exist_ok=True)
    rows = json.loads(report.frame().write_json())
    text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    (folder / f"{name}.json").write_text(text, encoding="utf-8")
    (folder / f"{name}.svg").write_text(to_svg(report.figure()), encoding="utf-8")
    page = report._repr_mimebundle_().get("text/html", "")
    (folder / f"{name}.html").write_text(page, encoding="utf-8")


def _metrics(frame: pl.DataFrame) -> list[Metric]:
    """The metrics in a report's frame: of those that have ``metric`` and ``value`` columns."""
    if not {"metric", "value"} <= set(frame.columns):
        return []
    known = [name for name in Metric.__dataclass_fields__ if name in frame.columns]
    return [Metric(**row) for row in frame.select(known).to_dicts()]


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
