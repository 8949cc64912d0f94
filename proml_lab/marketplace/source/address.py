"""Addresses of databases: names that stand for them, variables in them, and no passwords shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from proml_lab.errors import SourceError, choose

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_USER = re.compile(r"://(?:[^/?#]*)@")
_WORD = re.compile(r"://[^/?#@:]*:([^/?#]*)@")
_SECRET = re.compile(
    r"[?&;](?:password|passwd|pwd|token|secret|access_key|sig|x-amz-(?:signature|security-token))=([^&;]*)",
    re.I,
)
_HIDDEN = "***"


def has_password(address: str) -> bool:
    """Whether a password stands in it as it is, not as a ``${NAME}``."""
    return any(_VARIABLE.sub("", found) for found in _secrets(address))


def shown(address: str) -> str:
    """An address, or a name, without who one is there and without what may be secret."""
    return _USER.sub("://", address).partition("?")[0]


def masked(text: str, address: str) -> str:
    """`text` without the passwords of `address`."""
    for secret in sorted({address, *_secrets(address)}, key=len, reverse=True):
        if secret:
            text = text.replace(secret, shown(secret) if secret == address else _HIDDEN)
    return text


def resolve(database: str, databases: Mapping[str, str], *, role: str) -> str:
    """The address that `database`, a name or an address, stands for, its variables filled in.

    Raises
    ------
    SourceError
        There is no such name, or a variable is not set.
    """
    if "://" in database or _VARIABLE.search(database):
        address = database
    elif database in databases:
        address = databases[database]
    else:
        raise SourceError(
            f"{role}: the workspace names no database {database!r}.",
            hint=choose(database, databases)
            if databases
            else f"name it in its settings: [databases] {database} = 'postgresql://…'.",
        )
    for name in _VARIABLE.findall(address):
        if name not in os.environ:
            raise SourceError(
                f"{role}: the environment has no variable {name!r}, which the address of the "
                f"database {shown(database)} needs.",
                hint="set it; a promoted notebook sees it if pass_environment names it.",
            )
    return _VARIABLE.sub(lambda found: os.environ[found[1]], address)


def _secrets(address: str) -> list[str]:
    return [found for rule in (_WORD, _SECRET) for found in rule.findall(address)]
