"""A workspace's settings, and the file that they are in."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from proml_lab.document import Document
from proml_lab.errors import SpecError
from proml_lab.marketplace.feature import Sensitivity
from proml_lab.marketplace.size import Size, SizeOrEmpty
from proml_lab.marketplace.source.definition import without_password
from proml_lab.statefolder import NAME, REGISTRY


class TrustedIdentity(Document):
    """One who is trusted to sign by Sigstore."""

    name: str = Field(description="an address, or the URI of a job, as certificates give it")
    issuer: str = Field(description="address of the service that says who they are")


class SearchSettings(Document):
    """How features are searched for."""

    model: str = Field(
        "", description="text file with word vectors, by whose meaning features are found too"
    )

    @field_validator("model")
    @classmethod
    def _is_here(cls, path: str) -> str:
        if "://" in path:
            raise ValueError(f"found {path!r}; the path of a file is needed: nothing is downloaded")
        return path


class WorkspaceConfig(Document):
    """What ``proml.toml``, or ``[tool.proml]`` in ``pyproject.toml``, may say."""

    catalog: tuple[str, ...] = Field(("features",), description="folders with view files")
    sources: str = Field("sources", description="folder with source files")
    registry: str = Field(REGISTRY, description="address of the registry; SQLite or MLflow")
    databases: dict[str, str] = Field(
        default_factory=dict, description="addresses of databases by name; ${NAME} is a variable"
    )
    online: str = Field(
        f"{NAME}/online", description="online store: a folder, or redis://host:port/number"
    )
    engine: Literal["local"] = Field("local", description="where jobs run")
    signing_key: str = Field(
        "", description="file of the key that signs; by default the user's own, made at first use"
    )
    trusted_keys: str = Field(
        "trusted-keys", description="folder with the public keys of others that are trusted, *.pub"
    )
    sign_with: Literal["key", "sigstore"] = Field(
        "key", description="what signs: a key of one's own, or Sigstore, by who one is"
    )
    sigstore: str = Field(
        "", description="file that describes a Sigstore instance; by default the public one"
    )
    trusted_identities: tuple[TrustedIdentity, ...] = Field(
        (), description="who is trusted to sign by Sigstore: name and issuer of each"
    )
    pass_environment: tuple[str, ...] = Field(
        (), description="other environment variables that promoted notebooks see"
    )
    output_limit: int = Field(
        2**20,
        strict=True,
        ge=1000,
        description="characters of output that a cell of a promotion keeps",
    )
    rows: int = Field(20, strict=True, ge=1, le=1000, description="rows shown of a table")
    search: SearchSettings = Field(
        SearchSettings(), description="model: word vectors by which a search knows meaning"
    )
    owners: dict[str, tuple[str, ...]] = Field(
        {}, description="e-mail addresses of each team that owns views: who may publish them"
    )
    sensitivity: Sensitivity | None = Field(
        None, description="the highest that features of a training set may have"
    )
    snapshot_limit: Size = Field(
        "256MB", description="how much of the data that was read an artifact keeps"
    )
    memory: SizeOrEmpty = Field(
        "", description="how much memory a join may take, such as 4GB; by default a quarter of all"
    )

    layout_limit: Size = Field(
        "32GB", description="how much disk layouts of sources may take; 0 for none"
    )

    @field_validator("databases")
    @classmethod
    def _keep_their_passwords(cls, databases: dict[str, str]) -> dict[str, str]:
        return {name: without_password(address) for name, address in databases.items()}

    @field_validator("registry")
    @classmethod
    def _is_address(cls, text: str) -> str:
        if "://" not in text:
            raise ValueError(
                f"found {text!r}; an SQLite file such as {REGISTRY!r}, or the "
                "address of an MLflow server, http://…, is needed"
            )
        return text

    @field_validator("pass_environment")
    @classmethod
    def _leaves_the_signing_key(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if "PROML_SIGNING_KEY" in names:
            raise ValueError(
                "'PROML_SIGNING_KEY' says where the key that signs lies, and no notebook may see it"
            )
        return names


def read_settings(file: Path, table: tuple[str, ...]) -> dict[str, object] | None:
    """The settings in `file`, below the names in `table`, or None where it has none.

    They are shared by all who read the same text, and only to be read.

    Raises
    ------
    SpecError
        It is no TOML that can be read.
    """
    if not file.is_file():
        return None
    try:
        found: object = _parsed(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SpecError(
            f"{file}: this is not valid TOML: {error}.",
            hint="write one 'name = value' a line, text in quotes; %proml help workspace has all.",
        ) from None
    for key in table:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


@lru_cache(maxsize=16)
def _parsed(text: str) -> dict[str, object]:
    """What TOML says: a page asks for its workspace at every pick."""
    return tomllib.loads(text)
