"""``%proml features``: search the marketplace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace
from proml_lab.magics.users import with_users

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.find.report import SearchReport
    from proml_lab.marketplace.find.search import Kept

HELP = "search the marketplace for features"
EXAMPLES = """
features wind
features delay --owner network-ops --type float
features --view weather.hourly
features --status deprecated
features --freshness stale --sort usage
"""
BODY = ""
_FACETS = (
    "owner", "tag", "entity", "type", "view", "source", "status", "sensitivity", "unit",
    "freshness", "used_by",
)  # fmt: skip


def add_arguments(parser: ArgumentParser) -> None:
    """Words to look for, and exact values to keep."""
    parser.add_argument(
        "text",
        nargs="*",
        metavar="WORD",
        help="words to look for in names, descriptions, tags and formulas; none finds all",
    )
    parser.add_argument("--owner", metavar="OWNER", help="only features of this owner")
    parser.add_argument("--tag", metavar="TAG", help="only features with this tag")
    parser.add_argument("--entity", metavar="ENTITY", help="only features of this entity")
    parser.add_argument("--type", metavar="TYPE", help="only features of this type")
    parser.add_argument("--view", metavar="VIEW", help="only features of this view")
    parser.add_argument("--source", metavar="TABLE", help="only features from this source")
    parser.add_argument("--status", metavar="STATUS", help="only draft, active or deprecated ones")
    parser.add_argument(
        "--sensitivity", metavar="SENSITIVITY", help="only public, internal or personal ones"
    )
    parser.add_argument("--unit", metavar="UNIT", help="only features with this unit")
    parser.add_argument("--freshness", metavar="FRESHNESS", help="only fresh, stale or static ones")
    parser.add_argument(
        "--used-by", metavar="NAME", help="only features that this model, spec or notebook uses"
    )
    parser.add_argument(
        "--sort",
        metavar="ORDER",
        default="relevance",
        help="relevance, name, usage, health or freshness; relevance if not said",
    )


def run(args: Namespace, context: Context) -> SearchReport:
    """Search; the work is `Workspace.search`."""
    found = with_users(context.workspace).search(" ".join(args.text), sort=args.sort, **_kept(args))
    return replace(found, max_rows=context.max_rows)


def code(args: Namespace) -> str:
    """The search as a call."""
    words = [" ".join(args.text)] if args.text else []
    opened = python.call("with_users", python.opened(args))
    sort = None if args.sort == "relevance" else args.sort
    call = python.call(f"{opened}.search", *words, sort=sort, **_kept(args))
    return python.script(call)


def _kept(args: Namespace) -> Kept:
    return cast("Kept", {name: getattr(args, name) for name in _FACETS})
