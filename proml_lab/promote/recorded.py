"""The index of what a notebook declared: which model, which metrics, which reports."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from proml_lab.errors import ArtifactError, RunError, SourceError
from proml_lab.promoting import OUTPUTS

_INDEX = "outputs.json"


@dataclass(frozen=True)
class Metric:
    """One figure with its interval, as a comparison's frame has it.

    `group` is None for all rows, `direction` says which values are better, `verdict` how the
    model stands among those it was compared with. `report` and `model` say where it comes from;
    both are empty for a number that was declared by itself.
    """

    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    direction: str | None = None
    group: str | None = None
    verdict: str | None = None
    n_rows: int | None = None
    report: str = ""
    model: str = ""
    learner: str = ""

    def row(self) -> dict[str, object]:
        """The figure without where it comes from."""
        dropped = ("report", "model", "learner")
        return {name: value for name, value in asdict(self).items() if name not in dropped}


@dataclass
class Recorded:
    """What was declared so far, as ``outputs.json`` keeps it.

    Attributes
    ----------
    model, learner
        Of the declared model; empty if there is none yet.
    scores
        Digest of the model's predictions for its held-out rows.
    compared
        For each report with metrics: what it calls a model, to the digest of its predictions.
    reports
        Name to kind.
    parents
        Artifacts that the notebook read.
    seconds
        How long fitting each compared model took.
    """

    model: str = ""
    learner: str = ""
    scores: str = ""
    metrics: list[Metric] = field(default_factory=list)
    compared: dict[str, dict[str, str]] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    parents: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Recorded:
        """What was recorded so far; nothing if the folder is empty."""
        path = folder / _INDEX
        if not path.is_file():
            return cls()
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**data, "metrics": [Metric(**row) for row in data["metrics"]]})

    def write(self, folder: Path) -> None:
        """Write the index whole; `folder` is made."""
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / (_INDEX + ".part")
        try:
            beside.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
            beside.replace(folder / _INDEX)
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    @staticmethod
    def remove(folder: Path) -> None:
        """Forget everything that was recorded in `folder`."""
        with suppress(OSError):
            (folder / _INDEX).unlink()

    def put(self, metrics: list[Metric]) -> None:
        """Add metrics; one of the same name and source is replaced."""
        every = [*self.metrics, *metrics]
        known = {(m.report, m.model, m.metric, m.group): m for m in every}
        self.metrics = list(known.values())

    def forget(self, report: str) -> None:
        """Take a report and its metrics away."""
        self.reports.pop(report, None)
        self.compared.pop(report, None)
        self.metrics = [metric for metric in self.metrics if metric.report != report]

    def own(self) -> list[Metric]:
        """The metrics of the model that is promoted; those of others stay in their report."""
        return [m for m in self.metrics if not m.report or m.model == self._called(m.report)]

    def unmatched(self) -> list[str]:
        """Reports with metrics, but of the promoted model none that can be told."""
        return [report for report in self.compared if self._called(report) is None]

    def numbers(self) -> dict[str, float]:
        """Flat numbers of the promoted model: ``auc``, with ``auc.low`` and ``auc.high``."""
        found: dict[str, float] = {}
        for metric in self.own():
            if metric.group is None:
                sides = {"": metric.value, ".low": metric.low, ".high": metric.high}
                known = {side: number for side, number in sides.items() if number is not None}
                found.update({metric.metric + side: number for side, number in known.items()})
        return found

    def _called(self, report: str) -> str | None:
        """What `report` calls the promoted model: by its scores, its name, or its learner."""
        names = self.compared[report]
        for name, scores in names.items():
            if scores and scores == self.scores:
                return name
        if self.model in names:
            return self.model
        alike = {m.model for m in self.metrics if m.report == report and m.learner == self.learner}
        return alike.pop() if len(alike) == 1 else None


def note_parent(artifact: str) -> None:
    """In a promotion, remember that the notebook read `artifact`, such as ``flight-delay@2``."""
    where = os.environ.get(OUTPUTS)
    if where:
        with writing(Path(where)):
            recorded = Recorded.read(Path(where))
            recorded.parents = sorted({*recorded.parents, artifact})
            recorded.write(Path(where))


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Whatever the disk refuses in the block becomes one line of ours.

    Raises
    ------
    RunError
        `folder` cannot be read or written.
    """
    try:
        yield
    except (OSError, ArtifactError) as error:
        if isinstance(error, SourceError):
            raise
        reason = error.message if isinstance(error, ArtifactError) else error.strerror or error
        raise RunError(
            f"What the notebook declares cannot be kept in {folder}: {str(reason).rstrip('.')}.",
            hint="free some space on its disk, or check that it may be written; then run again.",
        ) from error
