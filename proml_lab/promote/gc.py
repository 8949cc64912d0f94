"""What a workspace keeps though no version needs it: listed, and taken away if asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import RegistryError
from proml_lab.promote.artifact import opened, registry_of
from proml_lab.promote.bundle import MANIFEST
from proml_lab.promote.listing import age
from proml_lab.promote.lock import lock
from proml_lab.promote.registry import Registry

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

RUN_LOCK = ".lock"
_WHY = {
    "run": "a promotion that failed or was stopped",
    "bundle": "a folder without a manifest, of a version that was taken back",
    "registry": "tables of the registry that were left half made",
    "profile": "a profile of an older state of a view",
}
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "kind": pl.String,
    "path": pl.String,
    "bytes": pl.Int64,
    "changed": pl.Datetime("ms", "UTC"),
    "why": pl.String,
}


@dataclass(frozen=True, eq=False)
class Leftovers:
    """What no version needs; `removed` says whether it was taken away."""

    table: pl.DataFrame = field(repr=False)
    removed: bool
    now: datetime

    def frame(self) -> pl.DataFrame:
        """``kind`` (run, bundle, registry, profile), ``path``, ``bytes``, ``changed`` (UTC),
        ``why``; the largest first.
        """
        return self.table

    def __len__(self) -> int:
        return self.table.height

    def __str__(self) -> str:
        from proml_lab.plots import html

        if not len(self):
            return "There is nothing that no version needs."
        return "\n".join([html.text_table(self._shown(), max_rows=100), self._conclusion()])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        if not len(self):
            return html.bundle(str(self), html.lead(str(self)))
        table = html.table(self._shown(), max_rows=100)
        return html.bundle(str(self), html.lead(self._conclusion()), table)

    def _conclusion(self) -> str:
        total = f"{len(self)} things, {size(int(self.table['bytes'].sum()))}"
        if self.removed:
            return f"Removed {total}."
        return f"No version needs these: {total}. Nothing was removed; gc --yes removes them."

    def _shown(self) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "kind": self.table["kind"],
                "path": self.table["path"],
                "size": [size(n) for n in self.table["bytes"]],
                "age": [age(self.now - moment) for moment in self.table["changed"]],
                "why": self.table["why"],
            }
        )


def gc(workspace: Workspace | str | Path | None = None, *, remove: bool = False) -> Leftovers:
    """List what no version needs; with `remove` take it away.

    That is: runs that failed or were stopped, unless one is under way; folders without a manifest
    among the bundles, and half-made tables, which a crash left; profiles of older states of views.
    A registered version is never among them, however damaged, nor a bundle that the registry does
    not know.

    Raises
    ------
    RegistryError
        The registry cannot be read, or something cannot be removed.
    """
    place = opened(workspace)
    registry = registry_of(place)
    registry.probe()
    root = place.root / ".proml"
    registered = {registry.place(v.name, v.version) for v in registry.versions()}
    with registry.lock():
        found = [
            *(("run", path) for path in _idle(place.runs)),
            *(("bundle", path) for path in _broken(registry, registered)),
            *(("registry", path) for path in sorted(root.glob("registry.db.*.part*"))),
            *(("profile", path) for path in _older(root / "profiles")),
        ]
        rows = [_row(kind, path) for kind, path in found]
        if remove:
            for _, path in found:
                _remove(path)
    table = pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("bytes", descending=True)
    return Leftovers(table, remove, datetime.now(UTC))


def size(n: float) -> str:
    """``12 bytes``, ``5.1 MB``."""
    if n < 1000:
        return f"{n:.0f} bytes"
    for unit in ("kB", "MB"):
        n /= 1000
        if n < 1000:
            return f"{n:.1f} {unit}"
    return f"{n / 1000:.1f} GB"


def _idle(runs: Path) -> Iterator[Path]:
    """Runs whose process is gone: it would hold their lock."""
    for path in sorted(runs.iterdir()) if runs.is_dir() else ():
        if not path.is_dir():
            continue
        if (path / RUN_LOCK).exists():
            try:
                with lock(path / RUN_LOCK, patience_s=0):
                    pass
            except RegistryError:
                continue
        elif datetime.now(UTC) - _changed([path]) < timedelta(minutes=1):
            continue  # it may be about to take its lock
        yield path


def _broken(registry: Registry, registered: set[Path]) -> Iterator[Path]:
    """Folders in the place of a version that are no bundle."""
    for path in sorted(registry.artifacts.glob("*/*")):
        is_version = path.is_dir() and path.name.isdigit()
        if is_version and path not in registered and not (path / MANIFEST).exists():
            yield path


def _older(profiles: Path) -> Iterator[Path]:
    """Profiles of a view, ``<view>-<definition>-<content>.parquet``, but for the newest."""
    newest: dict[str, Path] = {}
    for path in sorted(profiles.glob("*-*-*.parquet"), key=lambda p: p.stat().st_mtime):
        view = path.name.rsplit("-", 2)[0]
        if view in newest:
            yield newest[view]
        newest[view] = path


def _row(kind: str, path: Path) -> tuple[str, str, int, datetime, str]:
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    held = sum(p.stat().st_size for p in files)
    return kind, str(path), held, _changed([path, *files]), _WHY[kind]


def _changed(paths: Iterable[Path]) -> datetime:
    return datetime.fromtimestamp(max(p.stat().st_mtime for p in paths), UTC)


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:
        raise RegistryError(
            f"{path} cannot be removed: {error.strerror}.",
            hint="check its permissions; what came before it in the list is gone.",
        ) from None
