"""``%proml features impact``: what breaks if something changes or goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.errors import UsageError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.know.impact import Impact

HELP = "say what breaks if a feature, view or source changes or goes"
EXAMPLES = """
features impact weather.at_origin.wind_speed
features impact sources/weather.parquet:wind_speed
features impact --staged
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """What changes: a name, or what git is about to commit."""
    parser.add_argument(
        "name",
        nargs="?",
        metavar="FEATURE",
        help="what changes or goes: view.feature, a view, a source, or source:column",
    )
    parser.add_argument(
        "--staged", action="store_true", help="instead: what is staged in git, for a git hook"
    )


def run(args: Namespace, context: Context) -> Impact:
    """The report; the work is `know.impact.impact` and `know.staged.staged_impact`."""
    from proml_lab.marketplace.know.impact import impact
    from proml_lab.marketplace.know.staged import staged_impact
    from proml_lab.promote.uses import promoted, uses

    _require_one(args)
    workspace = context.workspace
    if args.staged:
        return staged_impact(workspace, promoted(workspace).uses)
    found = uses(workspace)
    return impact(workspace.catalog, args.name, found.uses, notes=found.notes)


def status(value: Impact) -> int:
    """1 where something that is in use is reached."""
    return 0 if value.passed else 1


def code(args: Namespace) -> str:
    """The same as a call."""
    _require_one(args)
    workspace = python.Source("workspace")
    if args.staged:
        found = python.Source("promoted(workspace).uses")
        call = python.call("staged_impact", workspace, found)
    else:
        found = python.Source("uses(workspace).uses")
        call = python.call("impact", python.Source("workspace.catalog"), args.name, found)
    return python.script(f"workspace = {python.opened(args)}", call)


def _require_one(args: Namespace) -> None:
    if bool(args.name) == args.staged:
        both = "A name and --staged were given" if args.name else "Nothing was named"
        raise UsageError(
            f"{both}; one of them is needed.",
            hint="give a feature, view or source; or --staged for what git is about to commit.",
        )
