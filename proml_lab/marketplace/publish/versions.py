"""Published versions of views: a copy of each file, which never changes again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from proml_lab import document
from proml_lab.errors import SpecError, UnknownNameError, choose
from proml_lab.marketplace.view import FeatureView

FOLDER = "versions"
"""Below a folder of the catalogue: ``versions/weather.hourly/2.yaml`` and ``2.json``."""
PROPOSALS = "proposals"
"""Beside it: what those who do not own a view would like it to say."""
PUBLISHED_ONLY = (FOLDER, PROPOSALS)
"""Folders of a catalogue whose files are no views of it."""


@dataclass(frozen=True)
class Record:
    """One publication of a version: the first one, or a later one of what is said for people.

    `at` is ISO 8601 in UTC, `by` an e-mail address if git knows one, `owner` the view's from then
    on. `changes` are against what was published before, in words; `forced` is the reason that was
    given for what would have been refused, `query` the SQL that made the rows.
    """

    view: str
    version: int
    at: str
    by: str = ""
    owner: str = ""
    changes: tuple[str, ...] = ()
    forced: str = ""
    query: str = ""


def as_json(records: Iterable[Record]) -> str:
    """Records as they are kept beside the copy."""
    return json.dumps([asdict(one) for one in records], indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Versions:
    """The published versions of a workspace's views.

    `folders` are those of its catalogue, each with its ``versions/``; `root` is what sources are
    relative to, `databases` the addresses of databases by name.
    """

    root: Path
    folders: tuple[Path, ...]
    databases: Mapping[str, str] = field(default_factory=dict)

    def numbers(self, view: str) -> tuple[int, ...]:
        """The published versions of `view`, the oldest first."""
        found = {
            int(file.stem)
            for folder in self.folders
            for file in (folder / FOLDER / view).glob("*.yaml")
            if file.stem.isdecimal()
        }
        return tuple(sorted(found))

    def file(self, view: str, version: int) -> Path | None:
        """The copy, or None where the version is not published."""
        places = (folder / FOLDER / view / f"{version}.yaml" for folder in self.folders)
        return next((place for place in places if place.is_file()), None)

    def read(self, view: str, version: int) -> FeatureView:
        """The view as it was published, not linked to others yet.

        Raises
        ------
        UnknownNameError
            There is no such version.
        SpecError
            Its copy is damaged, or another view's.
        """
        file = self.file(view, version)
        if file is None:
            numbers = [f"{view}@{n}" for n in self.numbers(view)]
            raise UnknownNameError(
                f"There is no published version {version} of the view {view!r}.",
                hint=choose(f"{view}@{version}", numbers)
                if numbers
                else f"publish it first: %proml publish {view} --yes.",
            )
        found = document.read(file, FeatureView)
        if (found.view, found.version) != (view, version):
            raise SpecError(
                f"{file}:1: view: this copy says {found.view}@{found.version}, not "
                f"{view}@{version}.",
                hint="copies are never edited: take it back from git.",
            )
        return found.at(self.root, path=file, databases=self.databases)

    def newest(self, view: str) -> FeatureView | None:
        """The newest version, or None where none is published; raises SpecError."""
        numbers = self.numbers(view)
        return self.read(view, numbers[-1]) if numbers else None

    def records(self, view: str, version: int) -> tuple[Record, ...]:
        """The publications of a version, the first one first; none where the version is not there.

        Raises
        ------
        SpecError
            What is kept of them cannot be read.
        """
        file = self.file(view, version)
        if file is None:
            return ()
        place = file.with_suffix(".json")
        try:
            said = json.loads(place.read_text("utf-8"))
            return tuple(Record(**{**one, "changes": tuple(one["changes"])}) for one in said)
        except (OSError, ValueError, TypeError, KeyError):
            raise SpecError(
                f"{place}:1: how {view}@{version} was published cannot be read.",
                hint="take the file back from git.",
            ) from None

    def require_unchanged(self, view: FeatureView) -> None:
        """Raise SpecError if the file of `view` means something else than its published copy."""
        copy = self.file(view.view, view.version)
        if copy is None or view.path is None or copy.read_bytes() == view.path.read_bytes():
            return
        from proml_lab.marketplace.publish.changes import changes

        now = [one for one in changes(self.read(view.view, view.version), view) if one.renews]
        if now:
            raise SpecError(
                f"{view.path}:{view.places.line(('version',))}: version: {view.view} was changed "
                f"without a new version: {now[0]}.",
                hint=f"publish it as one: version: {self.numbers(view.view)[-1] + 1}, then %proml "
                f"publish {view.view} --yes; or take the file back.",
            )
