"""``%proml features lookup``: the newest values for one entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.errors import UsageError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace
from proml_lab.magics.parts import in_list

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.online.report import Found

HELP = "look up the newest values for an entity online"
EXAMPLES = """
features lookup origin=JFK weather.at_origin
features lookup carrier=UA carrier.history --at 2013-11-01T06:00Z
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Keys with their values, and features."""
    parser.add_argument(
        "words",
        nargs="+",
        metavar="FEATURE",
        help="views, or features as view.feature, with spaces or commas between; and the keys of "
        "the entity, as KEY=VALUE",
    )
    parser.add_argument(
        "--at",
        metavar="MOMENT",
        help="the moment of the look-up, such as 2013-11-01T00:30Z; by default now",
    )


def run(args: Namespace, context: Context) -> Found:
    """Look them up; the work is `Online.lookup`."""
    keys, features = _split(args.words)
    online = context.workspace.online
    return online.lookup(online.entity(keys, features), features, at=args.at)


def code(args: Namespace) -> str:
    """The same as calls."""
    keys, features = _split(args.words)
    entity = python.call("online.entity", keys, features)
    return python.script(
        f"online = {python.opened(args)}.online",
        python.call("online.lookup", entity, features, at=args.at),
    )


def _split(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """(keys, features) of the words."""
    keys = dict(word.split("=", 1) for word in words if "=" in word)
    features = in_list(word for word in words if "=" not in word)
    if not keys or not features:
        raise UsageError(
            f"{' '.join(words)!r} names no {'feature' if keys else 'entity'}.",
            hint="write features lookup KEY=VALUE VIEW, such as origin=JFK weather.at_origin.",
        )
    return keys, features
