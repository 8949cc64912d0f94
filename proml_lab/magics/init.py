"""``%proml init``: make a workspace to try things in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.answer import Text
from proml_lab.magics.parser import ArgumentParser, Namespace, one_of

if TYPE_CHECKING:
    from proml_lab.magics.context import Context

HELP = "make an example workspace"
EXAMPLES = """
init --example flights
init --example flights my-flights
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Which example, and where."""
    parser.add_argument(
        "--example",
        metavar="EXAMPLE",
        type=one_of("example", "flights"),
        default="flights",
        help="flights: every flight that left New York in 2013",
    )
    parser.add_argument(
        "folder", nargs="?", metavar="FOLDER", default="", help="a new folder; the example's name"
    )


def run(args: Namespace, context: Context) -> Text:
    """Make it; the work is `marketplace.example.make_flights`."""
    from proml_lab.marketplace.example import make_flights

    made = make_flights(Path(args.folder or args.example))
    return Text(f"Made the workspace {made}.\nNext: cd {made} and proml features, or --workspace.")


def code(args: Namespace) -> str:
    """The maker as a call."""
    return python.script(python.call("make_flights", args.folder or args.example))
