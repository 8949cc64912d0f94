"""Lint: what in a notebook would make its promotion fail, differ or tell too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import NotebookError, WorkspaceError
from proml_lab.promote import notebook as notebooks
from proml_lab.promote.lint import (
    absolute,
    chance,
    clock,
    credentials,
    files,
    flow,
    imports,
    mutes,
    network,
    outputs,
    shape,
    shell,
)
from proml_lab.promote.lint.calls import Calls
from proml_lab.promote.lint.codes import CHECKS
from proml_lab.promote.lint.report import By, Finding, LintReport
from proml_lab.promote.lint.subject import Seen, Subject, subject

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_LONG = 120


def lint(
    notebook: str | Path,
    *,
    workspace: Workspace | str | Path | None = None,
    strict: bool = False,
) -> LintReport:
    """Check a notebook without running it.

    Parameters
    ----------
    notebook
        Path of an ``.ipynb`` file.
    workspace
        The workspace that it is promoted in; by default the one around the current folder, else
        around the notebook. Where there is none, what depends on its folder is not checked.
    strict
        Make warnings errors.

    Raises
    ------
    NotebookError
        No such file, not a notebook, or not Python.

    Notes
    -----
    The checks: docs/lint.md.
    """
    path = Path(notebook).expanduser().absolute()
    about = subject(notebooks.read(path), path, _root(workspace, path))
    told = findings(_seen(about), about, strict=strict)
    told += findings(mutes.unused(about, told), about, strict=strict)
    return report(path.name, told)


def findings(
    seen: Iterable[Seen], about: Subject, *, strict: bool, by: By = "reading"
) -> list[Finding]:
    """What was `seen` as findings: each with its severity, masked, and muted where it is."""
    muted_at = mutes.where(about)
    found = []
    for one in seen:
        severity = "error" if strict else CHECKS[one.code].severity
        own, all_over = (muted_at.get((cell, one.code)) for cell in (one.cell, None))
        mute = own or all_over or mutes.Mute()
        text, reason = (_short(credentials.masked(said)) for said in (one.text, mute.reason))
        place = (one.cell, one.line)
        found.append(Finding(one.code, severity, *place, text, mute.place, reason, by))
    return found


def report(name: str, found: Iterable[Finding]) -> LintReport:
    """`found` in the order of the notebook `name`, what is muted apart."""
    told = sorted(found, key=lambda f: (f.cell or 0, f.line or 0, f.code))
    return LintReport(
        name,
        tuple(f for f in told if not f.muted),
        tuple(f for f in told if f.muted),
    )


def require(report: LintReport) -> None:
    """Raise NotebookError, a line for each error of `report`, if it has any."""
    if not report.errors:
        return
    n = len(report.errors)
    head = (
        f"{report.notebook} has {n} finding{'s' if n > 1 else ''} that stop{'' if n > 1 else 's'}"
    )
    raise NotebookError(
        "\n".join([f"{head} its promotion:", *map(str, report.errors)]),
        hint=f"%proml lint {report.notebook} says why, how to mend and how to mute each.",
    )


def _seen(about: Subject) -> Iterator[Seen]:
    """What all checks find."""
    calls = Calls(about)
    for by_subject in (shape, outputs, flow, credentials, mutes):
        yield from by_subject.check(about)
    for by_calls in (absolute, files, network, chance, clock, imports, shell):
        yield from by_calls.check(calls)


def _root(workspace: Workspace | str | Path | None, path: Path) -> Path | None:
    from proml_lab.promote.artifact import opened

    if workspace is not None:
        return opened(workspace).root
    try:
        return opened(None, path.parent).root
    except WorkspaceError:
        return None


def _short(text: str) -> str:
    """`text` in one line of at most 120 signs."""
    line = " ".join(text.split())
    return line if len(line) <= _LONG else line[: _LONG - 1] + "…"
