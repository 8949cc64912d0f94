"""A result as text for the terminal, or as JSON for other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, timedelta
from pathlib import Path

from proml_lab.errors import ProMLError


class Text(str):
    """Text that a notebook shows as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def as_text(value: object) -> str:
    """What a notebook shows as ``text/plain``."""
    if value is None:
        return ""
    bundle = getattr(value, "_repr_mimebundle_", None)
    if bundle is None or isinstance(value, type):
        return str(value)
    return str(bundle().get("text/plain", value))


def as_json(value: object) -> str:
    """`value` as one JSON document: a report by its rows, other results by their facts.

    NaN and infinity, which JSON lacks, become null.
    """
    return json.dumps(_plain(value), indent=1, allow_nan=False, ensure_ascii=False)


def error_json(error: ProMLError) -> str:
    """An error as one line of JSON: kind, message, hint."""
    facts = {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
    return json.dumps({"error": facts}, ensure_ascii=False)


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if value - value == 0 else None
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Path():
            return str(value)
        case Mapping():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(inner) for inner in value]
    for described in (_described(value), _as_list(value)):
        if described is not None:
            return _plain(described)
    return str(value)


def _described(value: object) -> object:
    """The facts of one of ours, by what it offers; None if it offers nothing."""
    from proml_lab.contracts import Dataset
    from proml_lab.model import Model
    from proml_lab.promote.artifact import Artifact
    from proml_lab.spec import ModelSpec

    match value:
        case Model():
            return {
                "name": value.name,
                "learner": value.learner,
                "task": value.task,
                "features": value.features,
                "n_rows": value.n_rows,
                "data": value.data,
                "fit_s": value.fit_s,
                "warnings": value.warnings,
                "spec": value.spec,
            }
        case Dataset():
            return {
                "n_rows": len(value),
                "label": value.label,
                "cutoff": value.cutoff,
                "fingerprint": value.fingerprint,
                "columns": value.schema.to_dicts(),
            }
        case ModelSpec():
            return value.model_dump(mode="json", exclude_defaults=True)
        case Artifact():
            facts = value.manifest.model_dump(mode="json", exclude={"files", "volatile"})
            return {**facts, "path": value.path, "report": value.report, "metrics": value.metrics}
    frame = getattr(value, "frame", None)
    if callable(frame):
        return frame().to_dicts()
    to_dicts = getattr(value, "to_dicts", None)
    if callable(to_dicts):
        return to_dicts()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return None


def _as_list(value: object) -> object:
    to_list = getattr(value, "tolist", None)
    return to_list() if callable(to_list) else None
