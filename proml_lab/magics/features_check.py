"""``%proml features check``: whether every view can be joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.check import CheckReport

HELP = "check every view against the columns of its source"
EXAMPLES = """
features check
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """There is nothing to say."""


def run(args: Namespace, context: Context) -> CheckReport:
    """The report; the work is `Catalog.check`."""
    return context.workspace.catalog.check()


def status(value: CheckReport) -> int:
    """1 where something is wrong."""
    return 0 if value.passed else 1


def code(args: Namespace) -> str:
    """The check as a call."""
    return python.script(python.call(f"{python.opened(args)}.catalog.check"))
