"""Tables in files: Parquet, CSV and Arrow; one file, a folder of partitions, or a pattern."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from os.path import normpath
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.errors import SourceError, listing, near, unreadable
from proml_lab.marketplace.source import remote, separated
from proml_lab.marketplace.source.address import shown
from proml_lab.marketplace.source.definition import ENDINGS, Format, Source
from proml_lab.marketplace.source.table import Table, is_inside

_WORDS: dict[Format, str] = {"parquet": "a Parquet", "csv": "a CSV", "arrow": "an Arrow"}
_START = 4096
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x78")
"""First bytes of gzip, Zstandard and zlib, which are unpacked as they are read."""


class Files(Table):
    """Files of one format, read as one table.

    A folder is read with all that is in it, in the order of the paths; parts of the path such as
    ``day=2024-03-01`` are columns. `root` is what `source.path` is relative to.
    """

    def __init__(self, source: Source, root: Path, *, role: str) -> None:
        path = source.path or ""
        super().__init__(path, role=role, time_zone=source.time_zone)
        self.source, self.root, self.remote = source, root, "://" in path
        self.place = path if self.remote else str(root / path)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of this machine, by path.

        Raises
        ------
        SourceError
            There is none, one that is empty, or a folder that this user may not look into.
        """
        if self.remote:
            return ()
        try:
            return self._there(Path(self.place))
        except SourceError:  # which is one of the system's errors, too
            raise
        except OSError as error:
            raise unreadable(f"{self.role}: {self.place}", error) from None

    def _there(self, place: Path) -> tuple[Path, ...]:
        if "*" in self.place:
            base = Path(self.place.partition("*")[0]).parent
            found = sorted(base.glob(str(place.relative_to(base))))
        elif place.is_dir():
            found = sorted(file for file in place.rglob("*") if _format(file.name))
        else:
            found = [place]
        files = tuple(file for file in found if file.is_file())
        if not files:
            raise self._absent(place)
        empty = next((file for file in files if not file.stat().st_size), None)
        if empty:
            raise SourceError(f"{self.role}: the file {empty} is empty.", hint="write it again.")
        return files

    @property
    def is_movable(self) -> bool:
        return not self.remote and is_inside(self.place, self.root)

    @property
    def what(self) -> str:
        if self.remote:
            return f"the file {shown(self.place)}"
        return f"the {'folder' if Path(self.place).is_dir() else 'file'} {self.place}"

    @property
    def format(self) -> Format:
        """What the files are; raises SourceError where they differ or their ending is unknown."""
        if self.source.format:
            return self.source.format
        place = shown(self.place) if self.remote else self.place
        names = [place] if self.remote else [file.name for file in self.files]
        found = {_format(name) for name in names}
        known = found - {None}
        if len(found) == 1 and known:
            return known.pop()  # type: ignore[return-value]
        kinds = " and ".join(sorted(one for one in known if one))
        said = f"holds files of several formats: {kinds}" if kinds else "has no ending that we know"
        raise SourceError(
            f"{self.role}: {place} {said}.",
            hint="say what to read, such as source: {path: …, format: parquet}.",
        )

    @property
    def state(self) -> str | None:
        if self.remote:
            return None
        stats = ((file, file.stat()) for file in self.files)
        said = [f"{file}:{stat.st_size}:{stat.st_mtime_ns}" for file, stat in stats]
        said.append(self.source.model_dump_json())  # how they are read
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]

    def oddity(self, column: str) -> str:
        return (self._odd(column) if len(self.files) > 1 else None) or ""

    def failed(self, error: Exception) -> SourceError:
        if self.remote:
            return remote.failed(self.role, self.what, error)
        kind = _WORDS[self.format]
        reason = str(error).splitlines()[0]
        if "File out of specification" in reason or "not a valid arrow file" in reason.lower():
            return SourceError(
                f"{self.role}: {self.place} is not {kind} file, or only a part of one.",
                hint="write it again; of a CSV file: pl.read_csv(…).write_parquet(…).",
            )
        odd = self._odd() if len(self.files) > 1 else None
        if odd:
            return SourceError(
                f"{self.role}: {self.place} is not one table: {odd}.",
                hint="write the file again with the columns and types of the others.",
            )
        sign = None if self.source.separator or self.format != "csv" else self._sign()
        if sign:
            return SourceError(
                f"{self.role}: the columns of {self.place} stand apart by {sign!r}, not by ','.",
                hint=f"say so: source: {{path: …, separator: {json.dumps(sign)}}}.",
            )
        return SourceError(
            f"{self.role}: {self.place} cannot be read as {kind.partition(' ')[2]}: {reason}.",
            hint="write it again, or allow this user to read it.",
        )

    def _sign(self) -> str | None:
        with suppress(OSError), self.files[0].open("rb") as opened:
            return separated.sign_of(opened.read(_START))
        return None

    def _scan(self) -> pl.LazyFrame:
        kind = self.format
        places: str | list[Path] = self.place if self.remote else list(self.files)
        if kind == "csv":
            self._require_text()
        hive = self.remote or any("=" in part for file in self.files for part in self._below(file))
        try:
            match kind:
                case "parquet":
                    return pl.scan_parquet(
                        places, hive_partitioning=hive, try_parse_hive_dates=True
                    )
                case "arrow":
                    return pl.scan_ipc(places, hive_partitioning=hive, try_parse_hive_dates=True)
                case "csv":
                    return separated.scan(
                        places, separator=self.source.separator, nulls=self.source.nulls
                    )
        except (PolarsError, OSError) as error:
            raise self.failed(error) from None

    def _require_text(self) -> None:
        """Raises SourceError for a file that cannot be CSV: text has no NUL, packed text a mark."""
        for file in self.files:
            try:
                with file.open("rb") as opened:
                    start = opened.read(_START)
            except OSError as error:
                raise self.failed(error) from None
            if b"\0" in start and not start.startswith(_PACKED):
                raise SourceError(
                    f"{self.role}: {file} is no CSV file in UTF-8: there are NUL bytes in it.",
                    hint="leave out the format, or name that of the file: parquet or arrow; "
                    "write UTF-16 again as UTF-8.",
                )

    def _odd(self, column: str | None = None) -> str | None:
        """How one of the files differs from the first, in one column or in any."""
        first, *others = self.files
        known = self._columns(first)
        for file in others:
            found = self._columns(file)
            for name in known | found if column is None else [column]:
                if known.get(name) != found.get(name):
                    kinds = [str(one.get(name) or "absent") for one in (found, known)]
                    return f"column {name!r} is {kinds[0]} in {file}, and {kinds[1]} in {first}"
            if found and column is None and [*found] != [*known]:
                return f"the columns of {file} stand in another order than those of {first}"
        return None

    def _columns(self, file: Path) -> dict[str, pl.DataType]:
        """Columns and types of one file; none if it cannot be read."""
        alone = Files(self.source.model_copy(update={"path": str(file)}), Path(), role=self.role)
        try:
            return dict(alone._scan().collect_schema())
        except (PolarsError, OSError):
            return {}

    def _below(self, file: Path) -> tuple[str, ...]:
        """The folders between the source and one of its files."""
        place = Path(self.place.partition("*")[0])
        base = place if place.is_dir() else place.parent
        return file.relative_to(base).parts[:-1]

    def _absent(self, place: Path) -> SourceError:
        if place.is_dir():
            return SourceError(
                f"{self.role}: the folder {place} has no file in it.",
                hint="put Parquet, CSV or Arrow files there.",
            )
        if "*" in self.place:
            return SourceError(
                f"{self.role}: no file is called {place}.", hint="check the pattern."
            )
        place = Path(normpath(place))
        folder = place.parent
        there = {file.stem: file.name for file in folder.glob("*") if _format(file.name)}
        meant = [there[stem] for stem in near(place.stem, there)]
        if not folder.is_dir():
            hint = f"there is no folder {folder} either."
        elif meant:
            hint = f"did you mean {' or '.join(map(repr, meant))}, in {folder}?"
        elif there:
            hint = f"{folder} has {listing(sorted(there.values()), at_most=12)}."
        else:
            hint = f"there is no Parquet, CSV or Arrow file in {folder}."
        return SourceError(f"{self.role}: there is no file {place}.", hint=hint)


def _format(name: str) -> Format | None:
    """What a file's ending says."""
    lower = name.lower()
    return next((kind for end, kind in ENDINGS.items() if lower.endswith(end)), None)
