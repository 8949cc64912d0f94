"""The files of two bundles, compared one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from proml_lab.promote import pyfunc
from proml_lab.promote.reproduction import predictions
from proml_lab.promote.reproduction.closeness import IDENTICAL, Closeness, closeness

_ENVIRONMENT = tuple(f"model/{name}" for name in pyfunc.ENVIRONMENT)
_KINDS = ("spec", "model", "metrics", "report")
_ABSENT = Closeness("different", float("inf"), float("inf"))


def compare_files(old: Path, new: Path) -> Iterator[tuple[str, str, Closeness]]:
    """(kind, path, closeness) of each file that a notebook makes: spec, model, metrics, reports.

    Predictions are left to `predictions`.
    """
    for name in sorted({*_made(old), *_made(new)}, key=lambda n: (_KINDS.index(_kind(n)), n)):
        before, after = old / name, new / name
        there = before.is_file() and after.is_file()
        yield _kind(name), name, _compared(before, after) if there else _ABSENT


def _made(folder: Path) -> Iterator[str]:
    for part in ("spec.proml.yaml", "model", "reports"):
        place = folder / part
        for path in (place, *place.rglob("*")):
            name = path.relative_to(folder).as_posix()
            foreign = name in (*_ENVIRONMENT, *predictions.FILES) or name.startswith(
                f"model/{pyfunc.WHEELS}/"
            )
            if path.is_file() and not foreign:
                yield name


def _kind(name: str) -> str:
    if name == "reports/metrics.json":
        return "metrics"
    return {"model": "model", "reports": "report"}.get(name.partition("/")[0], "spec")


def _compared(before: Path, after: Path) -> Closeness:
    old, new = before.read_bytes(), after.read_bytes()
    if old == new:
        return IDENTICAL
    if before.suffix == ".parquet":
        return _tables(before, after)
    try:
        return closeness(old.decode(), new.decode())
    except UnicodeDecodeError:
        return _ABSENT


def _tables(before: Path, after: Path) -> Closeness:
    """Two tables by their cells, in the order of their rows."""
    import polars as pl

    old, new = pl.read_parquet(before), pl.read_parquet(after)
    if old.schema != new.schema or old.height != new.height:
        return _ABSENT
    return closeness(old.write_csv(), new.write_csv())
