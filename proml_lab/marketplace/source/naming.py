"""Names of the files and folders in a workspace's folder of sources."""

from __future__ import annotations

from pathlib import Path

from proml_lab.errors import SourceError, choose, unreadable
from proml_lab.marketplace.source.definition import ENDINGS


def find(name: str, root: Path, folder: str) -> str:
    """Path, relative to `root`, of the source called `name`: a name, a path or an address.

    `folder` has the sources, relative to `root` too. Raises SourceError if there is none, or one
    that this user may not look into.
    """
    if "://" in name:
        return name
    try:
        for candidate in (*(f"{folder}/{name}{ending}" for ending in ("", *ENDINGS)), name):
            if (root / candidate).exists():
                return candidate
    except OSError as error:
        raise unreadable(f"Source {name!r} in {root / folder}", error) from None
    raise SourceError(
        f"There is no source {name!r} in {root / folder}.",
        hint=choose(name, names(root / folder)),
    )


def names(folder: Path) -> list[str]:
    """What the files and folders with rows in `folder` are called."""
    if not folder.is_dir():
        return []
    return sorted({named for place in folder.iterdir() if (named := source_name(place))})


def source_name(place: Path) -> str | None:
    """What a file or folder with rows is called among the sources; None for anything else."""
    if place.name.startswith("."):
        return None
    if place.is_dir():
        return place.name
    ending = next((end for end in ENDINGS if place.name.lower().endswith(end)), "")
    return place.name[: -len(ending)] if ending else None
