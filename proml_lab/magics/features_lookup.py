"""``%proml features lookup``: the newest values for one entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.errors import UsageError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.online.report import Found

HELP = "look up the newest values for an entity online"
EXAMPLES = """
features lookup origin=JFK weather.at_origin
features lookup carrier=UA origin=JFK carrier.history.mean_arr_delay_7d weather.at_origin.temp
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Keys with their values, and features."""
    parser.add_argument(
        "words",
        nargs="+",
        metavar="FEATURE",
        help="views, or features as view.feature; and the keys of the entity, as KEY=VALUE",
    )


def run(args: Namespace, context: Context) -> Found:
    """Look them up; the work is `Online.lookup`."""
    keys, features = _split(args.words)
    online = context.workspace.online
    return online.lookup(online.entity(keys, features), features)


def code(args: Namespace) -> str:
    """The same as calls."""
    keys, features = _split(args.words)
    entity = python.call("online.entity", keys, features)
    return python.script(
        f"online = {python.opened(args)}.online",
        python.call("online.lookup", entity, features),
    )


def _split(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """(keys, features) of the words."""
    keys = dict(word.split("=", 1) for word in words if "=" in word)
    features = [word for word in words if "=" not in word]
    if not keys or not features:
        raise UsageError(
            f"{' '.join(words)!r} names no {'feature' if keys else 'entity'}.",
            hint="write features lookup KEY=VALUE VIEW, such as origin=JFK weather.at_origin.",
        )
    return keys, features
