"""Check a notebook and the values for its parameters before it runs: every mistake at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from proml_lab.errors import NotebookError, ParameterError
from proml_lab.promote.lint import LintReport, lint, require
from proml_lab.promote.notebook import NotebookInfo, inspect
from proml_lab.promote.parameters import Given, Text, Value, with_cure

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

T = TypeVar("T")


def read_values(
    notebook: str | Path,
    texts: Mapping[str, Text],
    given: Given | None = None,
    *,
    workspace: Workspace | str | Path | None = None,
    strict: bool = False,
) -> dict[str, Value]:
    """`texts`, as typed by a person, as values of the notebook's parameters; they win over `given`.

    The notebook is checked as `promote` does it, so that all mistakes are told at once.

    Raises
    ------
    NotebookError
        No such file, not a notebook, or lint found errors; wrong values are told with them.
    ParameterError
        Values that the notebook does not take, a line each.
    """
    _, values, _ = check(
        notebook, lambda info: info.read(texts, given), workspace=workspace, strict=strict
    )
    return values


def check(
    notebook: str | Path,
    read: Callable[[NotebookInfo], T],
    *,
    workspace: Workspace | str | Path | None = None,
    strict: bool = False,
) -> tuple[NotebookInfo, T, LintReport]:
    """The notebook, what `read` makes of it, and what lint says; raises as `read_values`."""
    report = lint(notebook, workspace=workspace, strict=strict)
    try:
        info = inspect(notebook)
    except NotebookError:
        codes = {found.code for found in report.errors}
        if len(report.errors) > 1 and codes != {"PN003"}:
            require(report)
        raise  # alone it says more than the findings do
    try:
        values = read(info)
    except ParameterError as error:
        raise _both(report, error) from None
    require(report)
    return info, values, report


def _both(report: LintReport, error: ParameterError) -> NotebookError | ParameterError:
    """One error that tells what lint and the parameters say; the latter alone if lint is silent."""
    try:
        require(report)
    except NotebookError as found:
        return NotebookError(f"{found.message}\n{with_cure(error)}", hint=found.hint)
    return error
