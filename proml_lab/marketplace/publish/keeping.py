"""What is published is written: rows, record, copy and file, in an order that a crash may break."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import PublicationError
from proml_lab.marketplace.publish import git
from proml_lab.marketplace.publish import text as texts
from proml_lab.marketplace.publish.draft import Draft
from proml_lab.marketplace.publish.publication import Publication
from proml_lab.marketplace.publish.versions import FOLDER, PROPOSALS, Record, as_json
from proml_lab.marketplace.publish.writing import write_all

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace


def keep(
    made: Draft, plan: Publication, here: Workspace, staged: Path | None, *, force: str
) -> Publication:
    """Write what `made` says, as `plan` tells, and commit it; `staged` holds the rows.

    First the rows, which at most add to those of before, then the record and the copy, which make
    it a version, and last the view's file: whoever dies in between is in the state before, or
    has a version that the file is not at yet, and publishing again goes on from there.

    Raises
    ------
    PublicationError
        The view is another team's, it breaks what is in use and there is no reason to `force`
        it, or the files cannot be written or committed.
    """
    _require_owner(plan, here)
    if plan.refused and not force:
        said = "; ".join(str(one) for one in plan.changes if one.breaking)
        raise PublicationError(
            f"{plan.key} breaks what is in use: {said}. It is used by "
            f"{', '.join(map(str, plan.refused))}.",
            hint=f"let them ask for {plan.view}@{plan.before} first; or give a reason: --force "
            "REASON.",
        )
    folder = made.file.parent
    for one in here.folders:
        folder = one if made.file.is_relative_to(one) else folder
    copy = folder / FOLDER / plan.view / f"{plan.version}.yaml"
    content = made.text.encode()
    files: dict[Path, bytes | Path] = {}
    if staged is not None and made.view.source is not None:
        path = str(made.view.source.path)
        files[here.root / path] = staged / path
    if plan.pending or made.proposal is not None:
        files[copy.with_suffix(".json")] = _records(made, plan, here, force).encode()
    if plan.renews:
        files[copy] = content
    if not made.file.is_file() or made.file.read_bytes() != content:
        files[made.file] = content
    write_all(files)
    if made.proposal is not None:
        made.proposal.unlink(missing_ok=True)
    kept = [copy.with_suffix(".json"), copy, made.file, *filter(None, [made.proposal])]
    message = f"Publish {plan.key}"
    told = [*map(str, plan.changes), *([f"Forced: {force}"] if force else [])]
    digits = git.commit(here.root, kept, "\n\n".join([message, "\n".join(told)]).strip())
    done = tuple(file for file in files)
    return replace(plan, done="published", files=done, commit=digits, forced=force)


def _records(made: Draft, plan: Publication, here: Workspace, force: str) -> str:
    versions = here.catalog.versions
    before = versions.records(plan.view, plan.version) if versions is not None else ()
    new = Record(
        view=plan.view,
        version=plan.version,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        by=plan.by,
        owner=made.view.owner,
        changes=tuple(map(str, plan.changes)),
        forced=force,
        query=made.query,
    )
    return as_json([*before, new])


def propose(made: Draft, plan: Publication, here: Workspace, staged: Path | None) -> Publication:
    """Write it as a proposal, its rows to a file of their own; raises PublicationError."""
    who = "".join(c if c.isalnum() else "-" for c in plan.by) or "somebody"
    place = here.folders[0] / PROPOSALS / plan.view / f"{who}.yaml"
    files: dict[Path, bytes | Path] = {}
    text = made.text
    if staged is not None and made.view.source is not None:
        path = f"{here.config.sources}/{plan.view}.{who}.parquet"
        files[here.root / path] = staged / str(made.view.source.path)
        text = texts.put(text, "source", path)
        if plan.before is not None:
            text = texts.put(text, "version", plan.before + 1)
    files[place] = text.encode()
    write_all(files)
    digits = git.commit(here.root, [place], f"Propose {plan.key}")
    return replace(plan, done="proposed", files=tuple(files), commit=digits)


def _require_owner(plan: Publication, here: Workspace) -> None:
    if plan.mine:
        return
    team = here.config.owners[plan.owner]
    who = f"you are {plan.by}" if plan.by else "git knows no e-mail address of yours"
    raise PublicationError(
        f"{plan.view} is owned by {plan.owner}, and {who}.",
        hint=f"propose it: --propose --yes; one of {', '.join(team)} can publish that.",
    )
