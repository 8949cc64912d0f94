"""``%proml browse``: look through the marketplace and pick features."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from proml_lab.errors import MissingExtraError, UsageError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace
from proml_lab.magics.users import with_users

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.find.report import SearchReport
    from proml_lab.widgets.browse import Browse

HELP = "browse the marketplace and pick features"
EXAMPLES = """
browse -o shop
browse weather -o shop
browse --spine flights --cutoff cutoff -o shop
"""
COMMANDS = """
browse
browse weather
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """What to look for at first, and what to join to."""
    parser.add_argument("text", nargs="*", metavar="WORD", help="words to look for at first")
    parser.add_argument(
        "--spine", metavar="SPINE", default="", help="the rows to join to: a source or a frame"
    )
    parser.add_argument(
        "--cutoff", metavar="COLUMN", default="", help="the spine's column of times"
    )


def run(args: Namespace, context: Context) -> Browse | SearchReport:
    """The widget; on the command line, which has none, the catalogue as a table."""
    text, workspace = " ".join(args.text), with_users(context.workspace)
    if not context.in_notebook:
        if args.spine or args.cutoff:
            raise UsageError(
                "On the command line the catalogue is shown, and nothing is joined.",
                hint="leave --spine and --cutoff out; 'features coverage' tries a join.",
            )
        return replace(workspace.search(text), max_rows=context.max_rows)
    if find_spec("anywidget") is None:
        raise MissingExtraError("anywidget, which draws the browser,", extra="lab")
    from proml_lab.widgets.browse import Browse

    return Browse(workspace, text=text, spine=args.spine, cutoff=args.cutoff)


def code(args: Namespace) -> str:
    """The widget as a call; on the command line the search."""
    if args.command:
        opened = python.call("with_users", python.opened(args))
        wanted = [" ".join(args.text)] if args.text else [""]
        return python.script(python.call(f"{opened}.search", *wanted))
    given = {"text": " ".join(args.text), "spine": args.spine, "cutoff": args.cutoff}
    words = {name: value for name, value in given.items() if value}
    return python.script(python.call("Browse", python.opened(args), **words))
