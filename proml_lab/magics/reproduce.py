"""``%proml reproduce``: make an artifact again from its bundle alone, and compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace
from proml_lab.magics.verify import add_signer, identity

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote import Reproduction

HELP = "run a promoted notebook again and compare what comes out"
EXAMPLES = """
reproduce flight-delay@1
reproduce flight-delay@1 --fresh-env
reproduce ../copies/flight-delay-1 --key anna.pub
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The artifact, and where to run it."""
    parser.add_argument(
        "artifact", metavar="ARTIFACT", help="name@version, or the folder of an artifact"
    )
    parser.add_argument(
        "--fresh-env",
        action="store_true",
        help="run in an environment built from the artifact's lock, not in this one",
    )
    add_signer(parser)


def run(args: Namespace, context: Context) -> Reproduction:
    """Make it again; the work is `promote.reproduce`."""
    from proml_lab.promote import reproduce

    is_folder = "/" in args.artifact or "\\" in args.artifact
    # A folder may lie in a workspace of its own, or in none: it is looked for only for a name.
    place = context.folder or (None if is_folder else context.workspace)
    key = Path(args.artifact) if is_folder else args.artifact
    with context.progress(args.artifact) as tell:
        return reproduce(
            key,
            fresh_env=args.fresh_env,
            workspace=place,
            key=args.key,
            identity=identity(args),
            progress=tell,
        )


def status(found: Reproduction) -> int:
    """What the command ends with: 1 if something is different."""
    return 0 if found else 1


def code(args: Namespace) -> str:
    """The reproduction as a call."""
    options = {
        "fresh_env": args.fresh_env or None,
        "workspace": python.workspace(args),
        "key": args.key,
        "identity": identity(args),
    }
    return python.script(python.call("reproduce", args.artifact, **options))
