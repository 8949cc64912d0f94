"""Models on disk: read what `Model.save` wrote. The format: docs/formats.md#model-folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import polars as pl

from proml_lab import document
from proml_lab.calibration import Calibration, Kind
from proml_lab.contracts import Caveat, Origin, Predictor
from proml_lab.document import Document
from proml_lab.errors import ArtifactError, ProMLError
from proml_lab.learners import registry
from proml_lab.model import Model
from proml_lab.spec import ModelSpec

_PLAIN = {
    kind.__name__: kind()
    for kind in (
        *(pl.Boolean, pl.String, pl.Date, pl.Time, pl.Float32, pl.Float64),
        *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128),
        *(pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    )
}
_UNIT = r"time_unit='(?P<unit>ns|us|ms)'"
_DURATION = re.compile(rf"Duration\({_UNIT}\)")
_DATETIME = re.compile(rf"Datetime\({_UNIT}, time_zone=(None|'(?P<zone>[\w/+-]+)')\)")


class _Origin(Document):
    view: str
    source: str
    fingerprint: str
    n_rows: int
    columns: tuple[str, ...]
    query: str = ""
    types: dict[str, str] = {}
    until: str | None = None
    version: int | None = None
    meaning: str = ""
    features: dict[str, str] = {}
    n_seen: int | None = None
    seen: str = ""


class _Calibration(Document):
    kind: Kind
    numbers: tuple[float, ...]
    scores: tuple[float, ...]
    values: tuple[float, ...]


class _Caveat(Document):
    code: str
    column: str
    words: str
    hint: str


class _Head(Document):
    """``model.json``."""

    format: Literal[1]
    learner: str
    inputs: dict[str, str]
    features: tuple[str, ...]
    data: str
    n_rows: int
    origins: tuple[_Origin, ...]
    stopped: str = ""
    calibration: _Calibration | None = None
    warnings: tuple[_Caveat, ...] = ()
    files: dict[str, str]


def load(folder: str | Path) -> Model:
    """The model in `folder`; it predicts what the saved one predicted, bit for bit.

    Nothing in the folder is unpickled or evaluated. `Model.test` is None: held-out rows are not
    kept on disk.

    Raises
    ------
    ArtifactError
        No folder, not a model folder, a file that was changed or is lost, or a learner that is
        not installed.
    """
    folder = Path(folder)
    head = _head(folder)
    _verify(folder, head.files)
    try:
        spec = ModelSpec.read(folder / "spec.proml.yaml")
        inputs = {name: _type(text) for name, text in head.inputs.items()}
        predictor = _predictor(folder, head.learner)
    except ProMLError as error:
        raise ArtifactError(
            f"{folder} holds a model that cannot be read: {_first_line(error)}"
        ) from error
    return Model(
        spec=spec,
        predictor=predictor,
        inputs=inputs,
        features=head.features,
        data=head.data,
        n_rows=head.n_rows,
        origins=tuple(Origin(**dict(origin)) for origin in head.origins),
        stopped=head.stopped,
        calibration=Calibration(**dict(head.calibration)) if head.calibration else None,
        warnings=tuple(Caveat(**dict(one)) for one in head.warnings),
    )


def _head(folder: Path) -> _Head:
    path = folder / "model.json"
    if not path.is_file():
        raise ArtifactError(
            f"{folder} is not a model folder: it has no model.json."
            if folder.is_dir()
            else f"There is no folder {folder}.",
            hint="give the folder that Model.save wrote.",
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ArtifactError(f"{path} is damaged: it is not a mapping.")
        return document.validate(data, _Head, name=str(path))
    except (OSError, ValueError, ProMLError) as error:
        raise ArtifactError(f"{path} is damaged: {_first_line(error)}") from None


def _verify(folder: Path, files: Mapping[str, str]) -> None:
    """Every file that was saved is there and unchanged; others may lie beside them."""
    for name, digest in files.items():
        path = folder / name
        fact = "is lost"
        if path.is_file():
            fact = "was changed"
            if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                continue
        raise ArtifactError(
            f"Model folder {folder} is damaged: {name} {fact}.",
            hint="take it again from where it was saved.",
        )


def _predictor(folder: Path, name: str) -> Predictor:
    learner = registry.get(name)
    try:
        return learner.load(folder / "predictor")
    except Exception as error:
        raise ArtifactError(f"learner {name!r}: {_first_line(error)}") from error


def _type(text: str) -> pl.DataType:
    """The Polars type called `text`, as Polars writes it."""
    if text in _PLAIN:
        return _PLAIN[text]
    if found := _DURATION.fullmatch(text):
        return pl.Duration(found["unit"])  # type: ignore[arg-type]
    if found := _DATETIME.fullmatch(text):
        return pl.Datetime(found["unit"], found["zone"])  # type: ignore[arg-type]
    raise ArtifactError(f"column type {text!r} is not one that models read.")


def _first_line(error: Exception) -> str:
    text = error.message if isinstance(error, ProMLError) else f"{type(error).__name__}: {error}"
    return text.splitlines()[0]
