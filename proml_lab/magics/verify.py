"""``%proml verify``: is an artifact whole, and who signed it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.promote import Verification

HELP = "check that an artifact is whole, and who signed it"
EXAMPLES = """
verify flight-delay@2
verify downloads/flight-delay --key anna.pub
"""
BODY = ""


class Signers(TypedDict):
    """Whose signature is good enough."""

    key: str | None
    identity: tuple[str, str] | None
    any_key: bool


def add_arguments(parser: ArgumentParser) -> None:
    """The artifact, and whose signature is good enough."""
    parser.add_argument(
        "artifact", metavar="ARTIFACT", help="name@version, or the folder of an artifact"
    )
    add_key(parser)


def add_key(parser: ArgumentParser) -> None:
    """Who is trusted beside oneself and those of the workspace, and whether anyone will do."""
    add_signer(parser)
    parser.add_argument(
        "--any-key", action="store_true", help="whoever signed it will do: look for damage only"
    )


def add_signer(parser: ArgumentParser) -> None:
    """Who is trusted beside oneself and those of the workspace."""
    parser.add_argument(
        "--key", metavar="FILE", help="also trust this public key, such as a signature.pub"
    )
    parser.add_argument(
        "--identity",
        nargs=2,
        metavar=("NAME", "ISSUER"),
        help="also trust this signer by Sigstore, such as ann@example.org https://example.org",
    )


def signers(args: Namespace) -> Signers:
    """Those arguments as `promote.verify` takes them."""
    return {"key": args.key, "identity": identity(args), "any_key": args.any_key}


def identity(args: Namespace) -> tuple[str, str] | None:
    """Name and issuer of the signer that is trusted."""
    return (args.identity[0], args.identity[1]) if args.identity else None


def run(args: Namespace, context: Context) -> Verification:
    """Check it; the work is `promote.verify`."""
    from proml_lab.promote import verify

    place = context.workspace if context.folder or not _is_folder(args.artifact) else None
    return verify(args.artifact, workspace=place, **signers(args))


def status(value: Verification) -> int:
    """1 unless all is well."""
    return 0 if value else 1


def code(args: Namespace) -> str:
    """The check as a call."""
    options = {"workspace": python.workspace(args), **signers(args)}
    return python.script(python.call("verify", args.artifact, **options))


def _is_folder(text: str) -> bool:
    """Whether `text` is a path: then no workspace is needed."""
    return "/" in text or "\\" in text or Path(text).is_dir()
