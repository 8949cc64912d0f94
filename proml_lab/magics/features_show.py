"""``%proml features show``: all that is known of one feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.card import FeatureCard

HELP = "say all that is known of one feature"
EXAMPLES = """
features show weather.at_origin.temp
features show weather.at_origin.temp --quick
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The feature, and whether its values are looked at."""
    parser.add_argument("feature", metavar="FEATURE", help="the feature, view.feature")
    parser.add_argument("--quick", action="store_true", help="do not look at its values")


def run(args: Namespace, context: Context) -> FeatureCard:
    """The card; the work is `Workspace.card`."""
    return context.workspace.card(args.feature, values=not args.quick)


def code(args: Namespace) -> str:
    """The card as a call."""
    options = {"values": False} if args.quick else {}
    return python.script(python.call(f"{python.opened(args)}.card", args.feature, **options))
