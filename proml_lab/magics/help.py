"""``%proml help``: what there is, and how to say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import verbs
from proml_lab.magics.answer import Text
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context

HELP = "say what the verbs do"
EXAMPLES = """
help
help fit
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """One verb, or none for all."""
    parser.add_argument("verb", nargs="?", metavar="VERB", help="the verb to explain")


def run(args: Namespace, context: Context) -> Text:
    """The help as text."""
    prog = verbs.NOTEBOOK if context.in_notebook else verbs.COMMAND
    if args.verb is None:
        return Text(verbs.overview(prog))
    return Text(verbs.parser(args.verb, prog=prog).format_help())


def code(args: Namespace) -> str:
    """Python's own help."""
    return "import proml_lab\n\nhelp(proml_lab)"
