"""What only the run of a promotion shows: findings that join those of the notebook as it was read.

docs/lint.md#seen-by-the-run.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from proml_lab.errors import RunError, SourceError
from proml_lab.promote import notebook as notebooks
from proml_lab.promote.freeze import reads as noted
from proml_lab.promote.freeze.code import Imported
from proml_lab.promote.freeze.reads import Reads
from proml_lab.promote.inputs import of_source
from proml_lab.promote.lint import files, imports, linting, mutes, outputs
from proml_lab.promote.lint.calls import Calls
from proml_lab.promote.lint.codes import LARGE
from proml_lab.promote.lint.report import LintReport
from proml_lab.promote.lint.subject import Seen, Subject, subject
from proml_lab.promote.run import times

if TYPE_CHECKING:
    from proml_lab.marketplace.view import FeatureView
    from proml_lab.marketplace.workspace import Workspace
    from proml_lab.promote.notebook import NotebookInfo

_OWN = ("proml.toml", "pyproject.toml")
_CODE = {".py", ".pyi", ".ipynb"}


def seen_by_run(
    before: LintReport,
    info: NotebookInfo,
    keep: Path,
    workspace: Workspace,
    *,
    values: Mapping[str, object],
    strict: bool,
) -> LintReport:
    """What lint found `before` the run, and what the run in `keep` showed beyond it.

    Parameters
    ----------
    before
        Lint's report on the notebook as it was read.
    info
        The notebook.
    keep
        The run's folder: what its kernel noted, and the notebook as it ran.
    workspace
        Where it ran.
    values
        The value of each parameter, as JSON: files whose path holds one are declared.
    strict
        Make warnings errors.
    """
    root = workspace.root
    about = subject(info.node, info.path, root)
    read = noted.read(keep, root, code=info.code, folder=about.folder)
    told = {(f.code, f.cell) for f in before.all}
    seen = [
        *_imported(before, Imported.read(keep / "outputs"), about),
        *_opened(read, about, workspace, info.code, values),
        *_outside(read, before, about, [*values.values(), *_sources(workspace)]),
        *(one for one in _outputs(keep, info) if (one.code, one.cell) not in told),
    ]
    late = linting.findings(seen, about, strict=strict, by="run")
    found = [*before.all, *late]
    unused = mutes.unused(about, found, ran=True)
    return linting.report(
        before.notebook, [*found, *linting.findings(unused, about, strict=strict, by="run")]
    )


def require(report: LintReport, keep: Path) -> None:
    """Raise RunError, a line for each error of `report`, if the run showed any."""
    if not report.errors:
        return
    n = len(report.errors)
    head = f"{report.notebook} ran to its end, but showed {n} finding{'s' * (n > 1)} that --strict"
    raise RunError(
        "\n".join([f"{head} makes errors:", *map(str, report.errors)]),
        hint="mend or mute each (docs/lint.md), or promote without --strict; nothing was "
        f"registered; the run is kept in {keep}.",
    )


def _imported(before: LintReport, imported: Imported, about: Subject) -> Iterator[Seen]:
    """PN081: packages that came neither from the workspace nor from the environment."""
    places = {one.top: (one.cell, one.line) for one in reversed([*imports.imported(Calls(about))])}
    told = [f.seen for f in before.all if f.code == "PN081"]
    for top in sorted({name.partition(".")[0] for name in imported.elsewhere}):
        if any(seen.startswith(f"import {top}:") for seen in told):
            continue
        cell, line = places.get(top, (None, None))
        yield Seen("PN081", cell, line, f"{top}: the run imported it from outside of the workspace")


def _opened(
    read: Reads,
    about: Subject,
    workspace: Workspace,
    code: Iterable[str],
    values: Mapping[str, object],
) -> Iterator[Seen]:
    """PN031: files of the workspace that the run opened, though nothing says that it would."""
    named = set(noted.named(code, workspace.root, about.folder))
    known = [*workspace.config.catalog, workspace.config.sources]
    views = {os.path.normpath(file) for view in workspace.catalog.views for file in _files(view)}
    loose: list[PurePosixPath] = []
    for file in read.files:
        path, place = PurePosixPath(file.path), workspace.root / file.path
        if (
            file.how != "opened"
            or file.path in named
            or file.path in _OWN
            or path.suffix in _CODE
            or any(path.is_relative_to(os.path.normpath(folder)) for folder in known)
            or os.path.normpath(place) in views
            or files.is_listed(place, about)
            or _is_set(file.path, values)
        ):
            continue
        loose.append(path)
    told = _of_views([str(path) for path in loose], workspace)
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in loose:
        if str(path) not in told:
            groups[str(path.parent), path.suffix].append(str(path))
    for (folder, suffix), paths in groups.items():
        n = len(paths)
        said = f"{n} files {folder}/*{suffix}: the run opened them, and no cell names them"
        one = f"{paths[0]}: the run opened it, and no cell names it"
        yield Seen("PN031", None, None, one if n == 1 else said)


def _outside(
    read: Reads, before: LintReport, about: Subject, named: Iterable[object]
) -> Iterator[Seen]:
    """PN031: files outside of the workspace, of a kind that nothing `named` and no finding has."""
    said = [f.seen for f in before.all if f.code in ("PN030", "PN031")]
    said += [*files.reads(about), *map(str, named)]
    for place, suffix in read.outside:
        if place != "temporary folder" and not any(suffix in text for text in said):
            where = "in the home folder" if place == "home folder" else "elsewhere"
            yield Seen("PN031", None, None, f"a file {suffix} {where}: the run opened it")


def _outputs(keep: Path, info: NotebookInfo) -> Iterator[Seen]:
    """PN100 and PN101 of the notebook as it ran."""
    numbers = {cell.id: number for number, cell in enumerate(info.node.cells, start=1)}
    took = {cell.id: cell for cell in times.read(keep)}
    for cell in notebooks.read(keep / "executed.ipynb").cells:
        number = numbers.get(cell.id)
        if number is None or cell.cell_type != "code":
            continue
        facts = took.get(cell.id)
        n = outputs.size(cell.outputs)
        if facts is not None and facts.cut:
            n = max(n, facts.output)
        if n > LARGE:
            yield Seen("PN100", number, None, f"{n / 1e6:.1f} MB in the run")
        if outputs.is_live(cell.outputs):
            yield Seen("PN101", number, None, f"{outputs.WIDGET}, in the run")


def _is_set(path: str, values: Mapping[str, object]) -> bool:
    """Whether the path holds a parameter's value: whoever sets it says what is read."""
    for value in values.values():
        for one in value if isinstance(value, list) else [value]:
            text = os.path.normpath(str(one)).lstrip("./") if isinstance(one, str | int) else ""
            if text and re.search(rf"(?<![0-9A-Za-z]){re.escape(text)}(?![0-9A-Za-z])", path):
                return True
    return False


def _files(view: FeatureView) -> tuple[Path, ...]:
    """The files that a view is read from; none where they cannot be found."""
    try:
        return view.table.files if view.source else ()
    except SourceError:
        return ()


def _sources(workspace: Workspace) -> set[str]:
    """What the views of the workspace say of where their rows are."""
    return {str(view.source) for view in workspace.catalog.views if view.source}


def _of_views(paths: list[str], workspace: Workspace) -> set[str]:
    """Those of `paths`, from the workspace's root, that some view is read from."""
    if not paths:
        return set()
    databases = workspace.config.databases
    return {path for text in _sources(workspace) for path in of_source(text, databases, paths)}
