"""What a workspace keeps though no version needs it: listed, and taken away if asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import RegistryError
from proml_lab.promote import unneeded
from proml_lab.promote.artifact import opened, registry_of
from proml_lab.promote.listing import age

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

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
        """``kind`` (one of `unneeded.WHY`), ``path``, ``bytes``, ``changed`` (UTC), ``why``;
        the largest first.
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
        one = len(self) == 1
        things = "1 thing" if one else f"{len(self):,} things"
        total = f"{things}, {size(int(self.table['bytes'].sum()))}"
        if self.removed:
            return f"Removed {total}."
        these, them = ("this", "it") if one else ("these", "them")
        return f"No version needs {these}: {total}. Nothing was removed; gc --yes removes {them}."

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

    That is: runs that failed or were stopped; what JupyterLab shows of promotions that have
    ended; folders without a manifest among the bundles, half-made tables and imports, which a
    crash left; profiles of older states of views, profiles and sketches of views that are gone;
    rows that a restored workspace has of sources which nothing in it names; reports of
    reproductions whose version is gone; environments of ``--fresh-env``, in the user's cache, that
    no version here has and nobody used for 30 days. A registered version is never among them,
    however damaged, nor a bundle that the registry does not know, nor anything that is in use.

    Raises
    ------
    RegistryError
        The registry cannot be read, or something cannot be removed.
    """
    place = opened(workspace)
    registry = registry_of(place)
    registry.probe()
    versions = registry.versions()  # before the lock: it may have to make the tables
    with registry.lock():
        found = unneeded.find(place, registry, versions)
        rows = [_row(kind, path) for kind, path in found]
        if remove:
            for kind, path in found:
                _remove(kind, path)
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


def _row(kind: str, path: Path) -> tuple[str, str, int, datetime, str]:
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    held = sum(p.stat().st_size for p in files)
    return kind, str(path), held, _changed(files or [path]), unneeded.WHY[kind]


def _changed(paths: Iterable[Path]) -> datetime:
    return datetime.fromtimestamp(max(p.stat().st_mtime for p in paths), UTC)


def _remove(kind: str, path: Path) -> None:
    try:
        with unneeded.undisturbed(kind, path) as free:  # since it was listed, it may be in use
            if free and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif free:
                path.unlink()
    except OSError as error:
        raise RegistryError(
            f"{path} cannot be removed: {error.strerror}.",
            hint="check its permissions; what came before it in the list is gone.",
        ) from None
