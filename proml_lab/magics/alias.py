"""``%proml alias``: let a name such as champion mean one version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.errors import UsageError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote import Move

HELP = "let a name such as champion mean one version"
EXAMPLES = """
alias flight-delay champion 2
alias flight-delay fallback 1
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The artifact, the alias, and the version that it shall mean."""
    parser.add_argument("name", metavar="ARTIFACT", help="the artifact's name")
    parser.add_argument("alias", metavar="ALIAS", help="the alias, such as champion")
    parser.add_argument("version", metavar="VERSION", type=_version, help="a number, such as 2")


def run(args: Namespace, context: Context) -> Move:
    """Move the alias; the work is `promote.alias`."""
    from proml_lab.promote import alias

    return alias(args.name, args.alias, args.version, workspace=context.workspace)


def code(args: Namespace) -> str:
    """The move as a call."""
    place = python.workspace(args)
    return python.script(python.call("alias", args.name, args.alias, args.version, workspace=place))


def _version(text: str) -> int:
    if not text.isdigit():
        raise UsageError(f"{text!r} is not a version.", hint="write its number, such as 2.")
    return int(text)
