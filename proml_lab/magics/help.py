"""``%proml help``: what there is, and how to say it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.magics import verbs
from proml_lab.magics.answer import Text
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context

HELP = "say what the verbs do, or show a page of the documents"
EXAMPLES = """
help
help fit
help language
"""
BODY = ""
PAGES = ("language", "workspace", "learners", "method", "formats", "parameters", "verbs")
"""What `page` shows: files in ``docs/``."""


def add_arguments(parser: ArgumentParser) -> None:
    """One verb or page, or none for all."""
    parser.add_argument(
        "verb",
        nargs="*",
        metavar="VERB",
        help=f"the verb to explain, or a page: {', '.join(PAGES)}",
    )


def run(args: Namespace, context: Context) -> Text:
    """The help as text."""
    prog = verbs.NOTEBOOK if context.in_notebook else verbs.COMMAND
    if not args.verb:
        return Text(verbs.overview(prog))
    name = " ".join(args.verb)
    if name in PAGES:
        return Text(page(name))
    return Text(verbs.parser(name, prog=prog).format_help())


def page(name: str) -> str:
    """The page ``docs/<name>.md``, which travels with the package."""
    inside = Path(__file__).parents[1]
    folders = [folder / "docs" for folder in (inside, inside.parent)]  # installed, or a checkout
    file = next(found for folder in folders if (found := folder / f"{name}.md").is_file())
    return file.read_text(encoding="utf-8")


def code(args: Namespace) -> str:
    """Python's own help."""
    return "import proml_lab\n\nhelp(proml_lab)"
