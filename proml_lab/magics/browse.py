"""``%proml browse``: look through the marketplace and pick features."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from proml_lab.errors import MissingExtraError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace
from proml_lab.magics.users import note_users

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.find.report import SearchReport
    from proml_lab.widgets.browse import Browse

HELP = "browse the marketplace and pick features"
EXAMPLES = """
browse -o shop
browse weather -o shop
"""
COMMANDS = """
browse
browse weather
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """What to look for at first."""
    parser.add_argument("text", nargs="*", metavar="WORD", help="words to look for at first")


def run(args: Namespace, context: Context) -> Browse | SearchReport:
    """The widget; on the command line, which has none, the catalogue as a table."""
    text, workspace = " ".join(args.text), context.workspace
    note_users(workspace)
    if not context.in_notebook:
        return replace(workspace.search(text), max_rows=context.max_rows)
    if find_spec("anywidget") is None:
        raise MissingExtraError("anywidget, which draws the browser,", extra="lab")
    from proml_lab.widgets.browse import Browse

    return Browse(workspace, text=text)


def code(args: Namespace) -> str:
    """The widget as a call; on the command line the search."""
    if args.command:
        wanted = [" ".join(args.text)] if args.text else [""]
        return python.script(python.call(f"{python.opened(args)}.search", *wanted))
    words = {"text": " ".join(args.text)} if args.text else {}
    return python.script(python.call("Browse", python.opened(args), **words))
