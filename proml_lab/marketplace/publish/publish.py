"""Publish a view: look at what it changes and whom that harms, then keep it as a version."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab import document
from proml_lab.errors import ProMLError, PublicationError, SourceError, UsageError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.publish import git, keeping
from proml_lab.marketplace.publish import text as texts
from proml_lab.marketplace.publish.draft import Draft, draft
from proml_lab.marketplace.publish.duplicates import duplicates
from proml_lab.marketplace.publish.publication import Publication
from proml_lab.marketplace.publish.uses import harmed
from proml_lab.marketplace.publish.writing import alone
from proml_lab.marketplace.sensitivity import lowered
from proml_lab.marketplace.view import FeatureView
from proml_lab.model import as_frame
from proml_lab.statefolder import make_folder, state_folder

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace


def publish(
    view: FeatureView | str | Path,
    *,
    workspace: Workspace | str | Path | None = None,
    rows: object = None,
    frames: Mapping[str, pl.DataFrame] | None = None,
    promoted: Iterable[Use] = (),
    notes: Iterable[str] = (),
    yes: bool = False,
    propose: bool = False,
    force: str = "",
) -> Publication:
    """Show what publishing `view` would do; with `yes`, do it.

    Parameters
    ----------
    view
        A view; the name of one whose file was changed; the path of a file, such as a proposal; or
        the text of a document, which may leave out what `rows` tell, and may have `sql`.
    workspace
        Where; by default the one around the current folder.
    rows
        (n, p) frame that is written as the source, or None.
    frames
        Frames that `sql` may name, beside the sources of the workspace.
    promoted
        Uses by artifacts, as `promote.uses.promoted` finds them: what breaks one that has an alias
        is refused, as is what breaks specs and notebooks of the workspace.
    notes
        What could not be read of them; shown where something breaks.
    yes
        Write it, and commit it where the workspace lies in a git repository.
    propose
        With `yes`: write it as a proposal, which an owner can publish.
    force
        The reason to publish what others' work depends on; it is recorded.

    Returns
    -------
    What it changes, whom that harms, features that are the same, a profile, and what was done.

    Raises
    ------
    SpecError, ColumnMissingError, DataError, SourceError, DuplicateKeyError
        The view, or its rows, cannot be used.
    PublicationError
        It is another team's; what it breaks is in use; it was changed without a new version;
        or it cannot be written or committed.

    Notes
    -----
    Method: docs/features.md.
    """
    from proml_lab.marketplace.workspace import Workspace, open_workspace

    here = workspace if isinstance(workspace, Workspace) else open_workspace(workspace)
    with alone(here.root) if yes else nullcontext():
        text, name, file = _document(view, here)
        given = None if rows is None else as_frame(rows)
        made = draft(text, here, name=name, rows=given, frames=frames or {}, file=file)
        catalog = _catalog(made, here)
        with _staged(made, here) as staged:
            plan = _look(made, here, catalog, staged, promoted)
            if any(one.breaking for one in plan.changes):
                plan = replace(plan, unsure=tuple(notes))
            if not yes:
                return plan
            if propose:
                return keeping.propose(made, plan, here, staged)
            done = keeping.keep(made, plan, here, staged, force=force)
    _profile(done.view, here)
    return done


def _document(view: FeatureView | str | Path, here: Workspace) -> tuple[str, str, Path | None]:
    """(text of the document, what to call it, the file it is in or None)."""
    if isinstance(view, FeatureView):
        said = view.model_dump(mode="json", exclude_defaults=True)
        return texts.write({"view": view.view, **said}), f"View {view.view}", None
    if isinstance(view, str) and "\n" in view:
        return view, "cell" if view.startswith("\n") else "view", None
    if isinstance(view, Path) or str(view).endswith((".yaml", ".yml")):
        file = Path(view).expanduser()
        file = file if file.is_absolute() or file.exists() else here.root / file
        return document.read_text(file), str(view), file.resolve()
    found = here.catalog.view(view)
    if found.path is None:
        raise UsageError(f"The view {view!r} has no file.", hint="give its document.")
    return document.read_text(found.path), str(found.path), found.path


def _catalog(made: Draft, here: Workspace) -> Catalog:
    """The catalogue with this view in it; raises SpecError where they do not fit together."""
    today = here.catalog
    others = tuple(one for one in today.views if one.view != made.view.view)
    return Catalog((*others, made.view), today.entities, today.versions)


@contextmanager
def _staged(made: Draft, here: Workspace) -> Iterator[Path | None]:
    """A folder that is taken for the workspace's, with the rows as they would be; or None."""
    if made.rows is None or made.view.source is None or made.view.source.path is None:
        yield None
        return
    place = state_folder(here.root, "staging")
    try:
        make_folder(place)
        folder = Path(tempfile.mkdtemp(dir=place))
        try:
            file = folder / made.view.source.path
            file.parent.mkdir(parents=True, exist_ok=True)
            made.rows.write_parquet(file, compression="zstd")
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise PublicationError(
            f"The rows cannot be written: {(error.strerror or str(error)).lower()}.",
            hint="free some space, or see who owns the folder.",
        ) from None


def _look(
    made: Draft, here: Workspace, catalog: Catalog, staged: Path | None, promoted: Iterable[Use]
) -> Publication:
    """What publishing it would do; raises where the view does not give what it says."""
    from proml_lab.marketplace.know.profile import profile

    view = catalog.view(made.view.view)
    ready = view if staged is None else view.at(staged)
    values = profile(ready, cache=here.profiles if staged is None else None)
    owner, by, found = _owner(made, here), git.author(here.root), made.found
    team = here.config.owners.get(owner)
    return Publication(
        view=view.view,
        version=view.version,
        before=made.before.version if made.before is not None else None,
        changes=found,
        renews=made.renews,
        harmed=harmed(here.root, here.catalog.views, made.before, found, promoted),
        duplicates=duplicates(ready, here.catalog, here.index, here.profiles / "sketches"),
        profile=values,
        by=by,
        owner=owner,
        mine=team is None or by in {one.lower() for one in team},
        sensitive=_sensitive(view),
        lowered=tuple(lowered(view)),
        n_rows=made.rows.height if made.rows is not None else None,
        files=(made.file,),
        root=here.root,
    )


def _profile(name: str, here: Workspace) -> None:
    """Profile what was published, so that search, browser and health have it at once.

    What cannot be looked at any more, or kept, does not undo the publication.
    """
    from proml_lab.marketplace.find.sketches import sketch
    from proml_lab.marketplace.know.describe import describe
    from proml_lab.marketplace.know.profile import profile

    with suppress(ProMLError):
        profile(here.catalog.view(name), cache=here.profiles)
        describe(here.catalog, name, cache=here.profiles, lenient=True)
        sketch(here.catalog.view(name), here.profiles / "sketches")


def _sensitive(view: FeatureView) -> tuple[str, ...]:
    return tuple(name for name in view.features if view.sensitivity_of(name) == "personal")


def _owner(made: Draft, here: Workspace) -> str:
    """Who owns it until now; a new view is its first owner's."""
    if made.before is None or here.catalog.versions is None:
        return made.view.owner
    records = here.catalog.versions.records(made.view.view, made.before.version)
    return records[-1].owner if records else made.before.owner
