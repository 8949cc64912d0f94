"""The file with a workspace's settings."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import Field

from proml_lab.document import Document
from proml_lab.errors import SpecError


class TrustedIdentity(Document):
    """One who is trusted to sign by Sigstore."""

    name: str = Field(description="an address, or the URI of a job, as certificates give it")
    issuer: str = Field(description="address of the service that says who they are")


def read_settings(file: Path, table: tuple[str, ...]) -> dict[str, object] | None:
    """The settings in `file`, below the names in `table`, or None where it has none.

    Raises
    ------
    SpecError
        It is no TOML that can be read.
    """
    if not file.is_file():
        return None
    try:
        found: object = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SpecError(
            f"{file}: this is not valid TOML: {error}.",
            hint="write one 'name = value' a line, text in quotes; %proml help workspace has all.",
        ) from None
    for key in table:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None
