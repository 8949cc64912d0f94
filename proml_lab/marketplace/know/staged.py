"""What the next commit would break: the catalogue as it is staged against the last commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from proml_lab import document
from proml_lab.errors import SpecError
from proml_lab.marketplace.catalog import Catalog, is_entity
from proml_lab.marketplace.entity import Entity
from proml_lab.marketplace.know import checkout, mentions
from proml_lab.marketplace.know.graph import Node, graph
from proml_lab.marketplace.know.impact import Cause, Impact, caused, hits
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.publish.changes import changes
from proml_lab.marketplace.publish.versions import PUBLISHED_ONLY, Versions
from proml_lab.marketplace.view import FeatureView

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace


_ADVICE = (
    "What is in use would break. Put it back; or let what uses it ask for a published version, "
    "such as shop.rain@1; or give a view that changes a new version. To commit all the same: "
    "git commit --no-verify."
)


def staged_impact(workspace: Workspace, promoted: Iterable[Use] = ()) -> Impact:
    """What breaks by what is staged in git.

    Views, features and sources that go, and features whose values, type or unit change, are held
    against the specs and notebooks that are staged, derived features, and `promoted`: the uses by
    artifacts.

    Raises
    ------
    WorkspaceError
        The workspace is in no git checkout.
    SpecError
        The views that are staged are broken, or need each other in vain: every mistake.
    """
    root = workspace.root
    now, then = checkout.staged(root), checkout.committed(root)
    folders = workspace.config.catalog
    after = _catalog(workspace, [name for name in now if _is_view(name, folders)], of="")
    notes: list[str] = []
    try:
        before = _catalog(workspace, [name for name in then if _is_view(name, folders)], of="HEAD")
    except SpecError as error:
        before = Catalog()
        notes.append(f"The last commit cannot be compared: {error.message.splitlines()[0]}")
    texts = checkout.contents(root, filter(mentions.wanted, now), of="")
    said = mentions.read(texts, before)
    used = [use for use in (*said.uses, *promoted) if not use.pinned]
    whole = graph(before, used)
    causes = tuple(_causes(before, after, gone=set(then) - set(now)))
    kept = {*after.names(), *(view.view for view in after.views)}
    lost = {cause.node.name for cause in causes if cause.effect == "breaks"}
    found = [
        hit
        for cause in causes
        for hit in hits(whole, cause)
        if hit.node.kind not in ("feature", "view")
        or (hit.node.name in kept and hit.node.name not in lost)
    ]
    told = Impact(causes, tuple(found), (*notes, *said.notes))
    return told if told.passed else replace(told, notes=(*told.notes, _ADVICE))


def _causes(before: Catalog, after: Catalog, *, gone: set[str]) -> Iterator[Cause]:
    """What goes and what changes, views before their features, each once."""
    now = {view.view: view for view in after.views}
    for view in before.views:
        if view.view not in now:
            yield Cause(Node("view", view.view), "is taken away")
            continue
        new = now[view.view]
        if view.source and str(view.source) == str(new.source) and str(view.source) in gone:
            yield Cause(Node("view", view.view), f"loses its source {view.source}")
        renewed = new.version > view.version
        for change in changes(view, new):
            if not change.breaking or change.field == "sensitivity":
                continue
            yield caused(view.view, change, renewed=renewed)


def _is_view(name: str, folders: Iterable[str]) -> bool:
    """Whether a path is that of a view or entity of the catalogue."""
    for folder in folders:
        prefix = "" if folder in (".", "") else folder.rstrip("/") + "/"
        inside = name.removeprefix(prefix)
        if name.startswith(prefix) and inside.endswith((".yaml", ".yml")):
            return inside.split("/")[0] not in PUBLISHED_ONLY
    return False


def _catalog(workspace: Workspace, names: Iterable[str], *, of: str) -> Catalog:
    """The catalogue of some files of git; versions, which never change, are those on the disk.

    Raises
    ------
    SpecError
        Every mistake in every file.
    """
    views, entities, problems = [], [], []
    for name, text in checkout.contents(workspace.root, names, of=of).items():
        try:
            if is_entity(text):
                entities.append(document.parse(text, Entity, name=name))
            else:
                views.append(document.parse(text, FeatureView, name=name))
        except SpecError as error:
            problems.append(error)
    if problems:
        said = "\n".join(problem.message for problem in problems)
        raise SpecError(said, hint=problems[0].hint)
    return Catalog(tuple(views), tuple(entities), Versions(workspace.root, workspace.folders))
