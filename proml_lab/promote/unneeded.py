"""Where a workspace keeps what no version and no promotion under way needs: one finder a kind."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import ArtifactError, RegistryError
from proml_lab.promote import lapsed
from proml_lab.promote.bundle import MANIFEST, SIGNATURE
from proml_lab.promote.freeze import fresh
from proml_lab.promote.lock import lock
from proml_lab.promote.registry import Registry, Version
from proml_lab.promote.run.presence import at_rest, is_idle
from proml_lab.statefolder import state_folder

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

WHY = {
    "run": "a run that failed or was stopped",
    "bundle": "a folder without a manifest, of a version that was taken back",
    "registry": "tables of the registry that were left half made",
    "profile": "a profile of an older state of a view, or of one that is gone",
    "sketch": "values of a view that is gone, kept to compare it with others",
    "rows": "rows of a source that nothing in the workspace names",
    "promotion": "what JupyterLab shows of a promotion that has ended",
    "reproduction": "a report on a version that is gone, or one that was left half written",
    "import": "an import that was cut off",
    "environment": "an environment that no version here has, unused for 30 days, or half built",
}
_SOON_S = 60.0
_DAY_S = 86_400.0
_UNUSED_S = 30 * _DAY_S


def find(
    workspace: Workspace, registry: Registry, versions: list[Version]
) -> list[tuple[str, Path]]:
    """(kind, path) of all that is not needed in the workspace's ``.proml``, and the user's cache.

    `versions` are those that the registry has. The caller holds the registry's lock.
    """
    root = state_folder(workspace.root)
    gone = list(lapsed.of_views(workspace))
    registered = {registry.place(v.name, v.version) for v in versions}
    there = ((name, version) for name in registry.names() for version in registry.present(name))
    bundles = {*registered, *(registry.place(*one) for one in there)}
    return [
        *(("run", path) for path in _folders(root / "runs") if is_idle(path)),
        *(("bundle", path) for path in _broken(registry, registered)),
        *(("registry", path) for path in sorted(root.glob("registry.db.*.part*"))),
        *gone,
        *(("profile", path) for path in _older(root / "profiles") if ("profile", path) not in gone),
        *(("rows", path) for path in lapsed.of_sources(workspace)),
        *(("promotion", path) for path in _folders(root / "promotions") if _has_ended(path)),
        *(("reproduction", path) for path in _pointless(root / "reproductions", bundles)),
        *(("import", path) for path in _folders(root / "imports") if _age_s(path) > _DAY_S),
        *(("environment", path) for path in _unused(bundles)),
    ]


@contextmanager
def undisturbed(kind: str, path: Path) -> Iterator[bool]:
    """Whether nobody uses what is at `path`; if so, nobody begins to while the block runs."""
    if kind == "run":
        with at_rest(path) as free:
            yield free
    elif kind == "environment":
        with ExitStack() as held:
            free = False
            with suppress(RegistryError):  # then somebody builds it
                held.enter_context(lock(fresh.lock_of(path), patience_s=0.0))
                free = not _is_fresh(path)
            yield free
    else:
        yield True


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


def _has_ended(promotion: Path) -> bool:
    """Whether no process works on the promotion in this folder; ``process.json`` says which did."""
    import psutil

    if (promotion / "result.json").exists():
        return True
    try:
        known = json.loads((promotion / "process.json").read_text(encoding="utf-8"))
        process = psutil.Process(int(known["pid"]))
        same = abs(process.create_time() - float(known["created"])) < 0.01
        return not (same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except (OSError, ValueError, LookupError, TypeError):
        return _age_s(promotion) > _SOON_S  # it may be about to start


def _pointless(reproductions: Path, bundles: set[Path]) -> Iterator[Path]:
    """Reports ``<name>@<version>-<date>-<time>`` on nothing that is here, or not signed."""
    keys = {f"{path.parent.name}@{path.name}" for path in bundles}
    for path in _folders(reproductions):
        is_half = not (path / SIGNATURE).is_file() and _age_s(path) > _SOON_S
        if is_half or path.name.rsplit("-", 2)[0] not in keys:
            yield path


def _unused(bundles: set[Path]) -> Iterator[Path]:
    """Environments of ``--fresh-env`` that nobody builds now: half built, or of no bundle."""
    there = _folders(fresh.cache())
    needed = set()
    for bundle in bundles if there else ():
        try:
            needed.add(fresh.key(bundle / "environment"))
        except ArtifactError:
            continue  # its lock is for another machine, or is lost: nothing can be built from it
    for path in there:
        if path.name not in needed or not (path / fresh.MARK).is_file():
            with undisturbed("environment", path) as free:
                if free:
                    yield path


def _is_fresh(environment: Path) -> bool:
    """Whether it is complete and was used not long ago."""
    mark = environment / fresh.MARK
    return mark.is_file() and _age_s(mark) < _UNUSED_S


def _folders(place: Path) -> list[Path]:
    found = place.iterdir() if place.is_dir() else ()
    return sorted(path for path in found if path.is_dir() and not path.is_symlink())


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime
