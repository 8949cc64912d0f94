"""``%proml features online``: what the online store holds, and whether it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.online.consistency import Consistency
    from proml_lab.marketplace.online.report import Holdings

HELP = "say what is online, or check that it is right"
EXAMPLES = """
features online
features online --check
features online --check 1000
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Whether values are compared."""
    parser.add_argument(
        "--check",
        metavar="N",
        type=int,
        nargs="?",
        const=100,
        help="compare N entities of each view, 100 if not said, looked up and joined at the same "
        "moment",
    )


def run(args: Namespace, context: Context) -> Holdings | Consistency:
    """Tell or compare; the work is `Online.holdings` and `Online.check`."""
    online = context.workspace.online
    return online.holdings() if args.check is None else online.check(sample=args.check)


def status(value: Holdings | Consistency) -> int:
    """1 where a value differs."""
    return 1 if getattr(value, "verdict", "pass") == "fail" else 0


def code(args: Namespace) -> str:
    """The same as a call."""
    online = f"{python.opened(args)}.online"
    if args.check is None:
        return python.script(python.call(f"{online}.holdings"))
    return python.script(python.call(f"{online}.check", sample=args.check))
