"""``%proml features usage``: who uses which feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.know.usage import UsageReport

HELP = "say which models, notebooks and people use a feature"
EXAMPLES = """
features usage
features usage weather.at_origin
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """A view or a feature, or nothing for all."""
    parser.add_argument(
        "name", nargs="?", metavar="FEATURE", help="a view, or view.feature; all, if not said"
    )


def run(args: Namespace, context: Context) -> UsageReport:
    """The counts; the work is `know.usage.usage`."""
    from proml_lab.marketplace.know.usage import usage
    from proml_lab.promote.uses import uses

    workspace = context.workspace
    found = uses(workspace)
    return usage(workspace.catalog, found.uses, of=args.name or "", notes=found.notes)


def code(args: Namespace) -> str:
    """The same as a call."""
    found = python.Source("uses(workspace).uses")
    call = python.call("usage", python.Source("workspace.catalog"), found, of=args.name)
    return python.script(f"workspace = {python.opened(args)}", call)
