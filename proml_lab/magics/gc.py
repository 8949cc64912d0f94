"""``%proml gc``: list, or remove, what no version needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.errors import UsageError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote import Leftovers

HELP = "list what no version needs, or remove it"
EXAMPLES = """
gc
gc --yes
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Whether to remove what is found."""
    parser.add_argument("--yes", action="store_true", help="remove it; without this, only list it")
    parser.add_argument("--dry-run", action="store_true", help="only list it, as without --yes")


def run(args: Namespace, context: Context) -> Leftovers:
    """List or remove; the work is `promote.gc`."""
    from proml_lab.promote import gc

    _require_one(args)
    return gc(context.workspace, remove=args.yes)


def code(args: Namespace) -> str:
    """The same as a call."""
    _require_one(args)
    place = python.workspace(args)
    return python.script(python.call("gc", workspace=place, remove=args.yes))


def _require_one(args: Namespace) -> None:
    if args.yes and args.dry_run:
        raise UsageError("--yes removes and --dry-run only lists.", hint="give one of them.")
