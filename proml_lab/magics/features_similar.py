"""``%proml features similar``: whether a feature exists already under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.find.similar import SimilarReport

HELP = "find features that are the same as one, or nearly so"
EXAMPLES = """
features similar weather.at_origin.temp
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Which feature, and how many to show."""
    parser.add_argument("name", metavar="FEATURE", help="the feature, as view.feature")
    parser.add_argument("-n", metavar="N", type=int, default=10, help="how many at most; 10")


def run(args: Namespace, context: Context) -> SimilarReport:
    """The report; the work is `find.similar.similar`."""
    from proml_lab.marketplace.find.similar import similar

    workspace = context.workspace
    return similar(workspace.catalog, args.name, index=workspace.index, n=args.n)


def code(args: Namespace) -> str:
    """The same as a call."""
    n = None if args.n == 10 else args.n
    call = python.call("similar", python.Source(f"{python.opened(args)}.catalog"), args.name, n=n)
    return python.script(call)
