"""The folder of a workspace for what is made there and can be made again, or is no source text.

It is hidden from git by a file of its own: registry, profiles and layouts are no part of a
project's history, and ``git add -A`` leaves them out.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

NAME = ".proml"
REGISTRY = f"sqlite:///{NAME}/registry.db"
"""Address of the registry, from the root, where the settings name none."""
IGNORE = ".gitignore"
_EVERYTHING = b"*\n"


def state_folder(root: Path, *parts: str) -> Path:
    """Where a workspace at `root` keeps what `parts` name; nothing is made."""
    return root.joinpath(NAME, *parts)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it; in a workspace's own, git is told to leave all of it out.

    A file that tells git something is left as it is. Raises OSError where `folder` cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for above in (folder, *folder.parents):
        if above.name == NAME:
            _hide(above)
            return


def _hide(folder: Path) -> None:
    """Write the file that hides `folder`, whole or not at all; the next call tries again."""
    file = folder / IGNORE
    if file.exists():
        return
    part = folder / f"{IGNORE}-{secrets.token_hex(4)}.part"
    try:
        part.write_bytes(_EVERYTHING)
        part.replace(file)
    except OSError:  # a full disk, or another's folder: what is kept below it may do all the same
        with suppress(OSError):
            part.unlink(missing_ok=True)
