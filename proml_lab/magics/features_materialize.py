"""``%proml features materialize``: put the newest values online."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.online.report import Materialized

HELP = "put the newest values of views online"
EXAMPLES = """
features materialize
features materialize weather.at_origin carrier.history --until 2013-11-01T00:00Z
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Which views, and as of when."""
    parser.add_argument(
        "views", nargs="*", metavar="VIEW", help="views to write; none writes all of the catalogue"
    )
    parser.add_argument(
        "--until",
        metavar="MOMENT",
        help="the moment that values are of, such as 2013-11-01T00:00Z; by default now",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="every entity anew, also at an earlier moment",
    )


def run(args: Namespace, context: Context) -> Materialized:
    """Write them; the work is `Online.materialize`."""
    online = context.workspace.online
    return online.materialize(args.views, until=args.until, full=args.full)


def code(args: Namespace) -> str:
    """The same as a call."""
    call = python.call(
        f"{python.opened(args)}.online.materialize",
        *([args.views] if args.views else []),
        until=args.until,
        full=args.full,
    )
    return python.script(call)
