"""``%proml output``: declare what a promotion of this notebook puts into the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.errors import UsageError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace, setting

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote.outputs import Outputs

HELP = "declare what a promotion of this notebook keeps"
EXAMPLES = """
output model=gbm metrics=board
output model=gbm metrics=board explanation=why n_planes={{planes.height}}
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Names of outputs, and the variables that hold them."""
    parser.add_argument(
        "outputs",
        nargs="+",
        metavar="NAME=VALUE",
        type=setting,
        help="the output's name and the variable that holds it, or a number",
    )


def run(args: Namespace, context: Context) -> Outputs:
    """Record them; the work is `promote.outputs.record`."""
    from proml_lab.promote.outputs import record

    if not context.in_notebook:
        raise _not_here()
    return record(
        {
            name: context.value(value) if isinstance(value, str) else value
            for name, value in args.outputs
        }
    )


def code(args: Namespace) -> str:
    """The record as a call."""
    if args.command:
        raise _not_here()
    values = {
        name: python.value(value) if isinstance(value, str) else value
        for name, value in args.outputs
    }
    return python.script(python.call("record", values))


def _not_here() -> UsageError:
    return UsageError(
        "Outputs are declared in a notebook.", hint="write there: %proml output model=NAME"
    )
