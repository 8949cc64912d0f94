"""Draft views for what a folder holds, and make it a workspace if it is in none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import SourceError, WorkspaceError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.draft import drafted, feast, folder
from proml_lab.marketplace.draft.drafted import Drafted
from proml_lab.marketplace.draft.folder import Left
from proml_lab.marketplace.draft.page import Page
from proml_lab.marketplace.publish.writing import write_all

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_SETTINGS = 'sources = "."\n'


def draft_views(place: str | Path) -> Drafted:
    """Draft a view for each table in the folder `place`, or for each view of a Feast repository.

    A folder with ``feature_store.yaml`` is a Feast repository. Its definitions are read, never
    run. Of a plain folder, keys and clocks are guessed by names and values, and marked as guesses.
    All views have ``status: draft``. If the folder is in no workspace, it becomes one. Nothing
    that is there is changed.

    Raises
    ------
    SourceError
        There is no such folder, or nothing in it that a view could be made of.
    PublicationError
        The files cannot be written.
    SpecError
        Its workspace, or the Feast repository, cannot be read.
    """
    path = Path(place).expanduser().resolve()
    if not path.is_dir():
        raise SourceError(f"There is no folder {path}.", hint="check the path.")
    here = _workspace(path)
    root = here.root if here is not None else path
    catalog = here.catalog if here is not None else Catalog()
    known = [str(view.source) for view in catalog.views if view.source is not None]
    is_feast = (path / feast.STORE).is_file()
    pages, left = feast.pages(path, root) if is_feast else folder.pages(path, root, known)
    taken = {view.view for view in catalog.views} | {kind.entity for kind in catalog.entities}
    fresh, there = _fresh(pages, taken)
    if not any("view" in page.fields for page in fresh) and not there and not known:
        raise _nothing(path, left, is_feast=is_feast)
    files = _files(fresh, here, root)
    write_all({file: text.encode() for file, text in files.items()})
    found = [("left out", what, "", "", why) for what, why in [*left, *there]]
    for page in fresh:
        found += [
            ("guess", page.name, name, _value(page, name), why)
            for name, why in page.guesses.items()
        ]
        found += [("note", page.name, "", "", note) for note in page.notes]
        found += [("left out", page.name, "", "", one) for one in page.left]
    views = tuple(page.name for page in fresh if "view" in page.fields)
    origin = "a Feast repository" if is_feast else "a folder"
    return Drafted(root, views, tuple(files), drafted.rows(found), origin)


def _nothing(path: Path, left: list[Left], *, is_feast: bool) -> SourceError:
    """The error for a folder without anything that a view could be made of."""
    inner = None if is_feast else next(iter(sorted(path.glob(f"*/{feast.STORE}"))), None)
    if is_feast:
        nothing = "it is a Feast repository in which no Python file defines a FeatureView"
        hint = "define one over Parquet files, or draft from a folder that holds the tables."
    else:
        nothing = "no Parquet, CSV or Arrow file is in it"
        hint = "put such files there, each with a key."
    if inner is not None:
        hint = f"there is a Feast repository in it: proml features draft {inner.parent}."
    why = "; ".join(f"{what}: {why}" for what, why in left[:3])
    return SourceError(f"Nothing in {path} can be made a view: {why or nothing}.", hint=hint)


def _workspace(path: Path) -> Workspace | None:
    """The one that the folder is in, if any."""
    from proml_lab.marketplace.workspace import open_workspace

    try:
        return open_workspace(path)
    except WorkspaceError:
        return None


def _fresh(pages: list[Page], taken: set[str]) -> tuple[list[Page], list[tuple[str, str]]]:
    """The pages of new names, and what is there already."""
    fresh, there = [], []
    for page in pages:
        name = str(page.fields.get("view") or page.fields["entity"])
        if name in taken:
            there.append((name, "it is there already"))
        else:
            taken.add(name)
            fresh.append(page)
    return fresh, there


def _files(pages: list[Page], here: Workspace | None, root: Path) -> dict[Path, str]:
    """Path to text; the settings come last, for it is they that make the folder a workspace."""
    catalog = here.folders[0] if here is not None else root / "features"
    files = {}
    for page in pages:
        file = catalog / f"{page.name}.yaml"
        while file.exists():
            file = file.with_name(f"{file.stem}-draft.yaml")
        files[file] = page.text
    if here is None:
        files[root / "proml.toml"] = _SETTINGS
    return files


def _value(page: Page, name: str) -> str:
    value = page.fields[name]
    if isinstance(value, dict):
        return ", ".join(k if k == v else f"{k}: {v}" for k, v in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
