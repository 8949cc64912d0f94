"""An artifact as one file, ``*.proml``: a ZIP archive that holds its files as they are.

Nothing is compressed, so an archive cannot hold more than it weighs. The same artifact gives the
same bytes. Reading trusts nothing: docs/formats.md#exported.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import struct
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from proml_lab.errors import ArtifactError, SourceError
from proml_lab.promote.trust.content import shown

SUFFIX = ".proml"
MAX_FILES = 10_000
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_UTF8 = 0x800
_CHUNK = 1 << 20
_PART = re.compile(r'[^\x00-\x1f\x7f/\\:*?"<>|]+')
_HINT = "get the file again from where it was exported."


def pack(folder: Path, names: Iterable[str], file: Path) -> None:
    """Write the files `names` of `folder` into the new archive `file`, in the order of names.

    Raises
    ------
    ArtifactError
        A name that not every system can have.
    OSError
        It cannot be written.
    """
    ordered = sorted(names)
    _check_names(ordered, folder.name)
    with file.open("xb") as target:
        with ZipFile(target, "w", ZIP_STORED) as archive:
            for name in ordered:
                entry = ZipInfo(name, _TIME)
                entry.create_system, entry.external_attr = 3, _MODE
                entry.file_size = (folder / name).stat().st_size
                with (folder / name).open("rb") as source, archive.open(entry, "w") as stored:
                    shutil.copyfileobj(source, stored, _CHUNK)
        target.flush()
        os.fsync(target.fileno())


def unpack(file: Path, folder: Path) -> None:
    """Unpack the archive `file` into the new `folder`, and write nowhere else.

    Raises
    ------
    ArtifactError
        It is no archive as `pack` makes it: a name that leads out of the folder, that is there
        twice or differs in case only, a link, anything compressed or locked, too many files,
        more bytes than it weighs, bytes that belong to no file, or a file that is damaged.
    SourceError
        There is no such file, or the disk has no room for it.
    """
    try:
        size = file.stat().st_size
        _check_end(file, size)
        with ZipFile(file) as archive:
            entries = archive.infolist()
            _check(entries, file.name, size)
            _check_layout(file, entries, archive.start_dir)
            folder.mkdir(parents=True)
            _check_room(folder, size)
            for entry in entries:
                path = folder / entry.filename
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, path.open("xb") as target:
                    shutil.copyfileobj(source, target, _CHUNK)
    except ArtifactError:
        raise
    except OSError as error:
        if file.is_dir():
            raise SourceError(
                f"{str(file)!r} is a folder.", hint="give a file that 'proml export' has made."
            ) from None
        if error.errno == errno.ENOENT and not file.exists():
            raise SourceError(
                f"There is no file {str(file)!r}.", hint="give a file that 'proml export' has made."
            ) from None
        if error.errno == errno.EINVAL:  # it names a place before its own start
            raise _damaged(file, error) from None
        raise SourceError(
            f"{str(file)!r} cannot be read, or not unpacked: {error.strerror or error}.",
            hint="give a file that 'proml export' has made, and check the disk's space.",
        ) from None
    except (BadZipFile, ValueError, RuntimeError, EOFError, OverflowError, struct.error) as error:
        raise _damaged(file, error) from None


def _check_end(file: Path, size: int) -> None:
    """Look at the archive's last bytes before anything of it is believed."""
    with file.open("rb") as source:
        head = source.read(4)
        source.seek(max(size - _END.size, 0))
        tail = source.read()
    if len(tail) < _END.size or not tail.startswith(b"PK\5\6"):
        if head == b"PK\3\4":
            raise ArtifactError(
                f"{file.name} is no whole exported artifact: its end is cut off or changed.",
                hint="take the file again from where it was made.",
            )
        raise ArtifactError(
            f"{file.name} is not an exported artifact.",
            hint="give a file that 'proml export' has made.",
        )
    n_files = _END.unpack(tail)[4]
    if n_files > MAX_FILES:
        raise ArtifactError(f"{file.name} holds {n_files:,} files, more than {MAX_FILES:,}.")


def _check(entries: list[ZipInfo], role: str, size: int) -> None:
    """Raise ArtifactError for anything that `pack` would not have written."""
    if len(entries) > MAX_FILES:
        raise ArtifactError(f"{role} holds {len(entries):,} files, more than {MAX_FILES:,}.")
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        fault = ""
        if entry.orig_filename != entry.filename or entry.is_dir():
            fault = "is no name of a file"
        elif kind not in (0, stat.S_IFREG) or entry.external_attr & 0x10:
            fault = "is no plain file"
        elif entry.compress_type != ZIP_STORED or entry.compress_size != entry.file_size:
            fault = "is compressed"
        elif entry.flag_bits & ~_UTF8:
            fault = "is locked, or stored in another way"
        if fault:
            raise _refused(role, entry.orig_filename, fault)
    if (total := sum(entry.file_size for entry in entries)) > size:
        raise ArtifactError(f"{role} says that it holds {total:,} bytes, more than it weighs.")
    _check_names([entry.filename for entry in entries], role)


def _check_layout(file: Path, entries: list[ZipInfo], end: int) -> None:
    """Raise ArtifactError unless the files lie one after the other from the archive's start to
    its list, with nothing before, between or behind them.
    """
    at = 0
    with file.open("rb") as source:
        for entry in sorted(entries, key=lambda entry: entry.header_offset):
            source.seek(entry.header_offset)
            head = source.read(_LOCAL.size)
            if entry.header_offset != at or len(head) < _LOCAL.size:
                raise _refused(file.name, entry.filename, "does not follow the file before it")
            n_name, n_extra = _LOCAL.unpack(head)[-2:]
            source.seek(n_name, os.SEEK_CUR)
            if not all(map(_is_zip64, (source.read(n_extra), entry.extra))):
                raise _refused(file.name, entry.filename, "says more than a file needs")
            at += _LOCAL.size + n_name + n_extra + entry.compress_size
    if at != end:
        raise ArtifactError(f"{file.name} holds more than its files.", hint=_HINT)


def _is_zip64(extra: bytes) -> bool:
    """Whether an extra field is none, or the one that large files need."""
    return not extra or (extra[:2] == b"\1\0" and len(extra) == 4 + extra[2] + 256 * extra[3])


def _check_names(names: list[str], role: str) -> None:
    """Raise ArtifactError for a name that leads elsewhere, or that two systems read in two ways."""
    seen: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        if any(part in ("", ".", "..") for part in parts):
            raise _refused(role, name, "leads out of its folder")
        if len(name) > 1000 or not all(_is_plain(part) for part in parts):
            raise _refused(role, name, "has a name that not every system can have")
        if same := seen.get(_folded(name)):
            raise _refused(role, name, f"is there twice: as {shown(same)}")
        seen[_folded(name)] = name
    folders = {_folded(str(above)) for name in names for above in Path(name).parents}
    if clash := sorted(folders & set(seen)):
        raise _refused(role, seen[clash[0]], "is a file and a folder")


def _is_plain(part: str) -> bool:
    ends = part.startswith(" ") or part.endswith((" ", "."))
    return not ends and len(part.encode("utf-8", "replace")) <= 255 and bool(_PART.fullmatch(part))


def _folded(name: str) -> str:
    """A name as systems see it that tell neither case nor composed letters apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise SourceError(
            f"{size:,} bytes are needed to unpack, and {free:,} are free.", hint="free some space."
        )


def _damaged(file: Path, error: Exception) -> ArtifactError:
    return ArtifactError(f"{file.name} is damaged: {str(error).rstrip('.')}.", hint=_HINT)


def _refused(role: str, name: str, fault: str) -> ArtifactError:
    return ArtifactError(f"{role} is refused: {shown(name)} {fault}.", hint=_HINT)
