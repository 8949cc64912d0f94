"""``%proml features health``: one mark for each feature, with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.know.healthreport import HealthReport

HELP = "mark each feature good, look or bad, with the reasons"
EXAMPLES = """
features health
features health weather.at_origin
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """A view or a feature, or nothing for all."""
    parser.add_argument(
        "name", nargs="?", metavar="FEATURE", help="a view, or view.feature; all, if not said"
    )


def run(args: Namespace, context: Context) -> HealthReport:
    """The marks; the work is `know.health.health`."""
    from proml_lab.marketplace.know.health import health
    from proml_lab.promote.uses import uses

    workspace = context.workspace
    found = uses(workspace)
    return health(
        workspace.catalog,
        found.uses,
        args.name or "",
        cache=workspace.profiles,
        online=workspace.online,
        notes=found.notes,
    )


def status(value: HealthReport) -> int:
    """1 where a feature is bad."""
    return 0 if value.passed else 1


def code(args: Namespace) -> str:
    """The same as a call."""
    found = python.Source("uses(workspace).uses")
    catalog, cache = python.Source("workspace.catalog"), python.Source("workspace.profiles")
    of = [args.name] if args.name else []
    online = python.Source("workspace.online")
    call = python.call("health", catalog, found, *of, cache=cache, online=online)
    return python.script(f"workspace = {python.opened(args)}", call)
