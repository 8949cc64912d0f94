"""The file of an exported artifact: what goes in comes out, and no trick writes anywhere else."""

from __future__ import annotations

import shutil
import stat
import struct
import subprocess
import zipfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from proml_lab.errors import ArtifactError, SourceError
from proml_lab.promote.trust import archive

Edit = Callable[[zipfile.ZipInfo], None]
CONTENT = {"a.txt": b"one", "deep/er/b": b"", "deep/ä \u4f60.json": b"{}" * 70_000}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in CONTENT.items():
        (tmp_path / "given" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "given" / name).write_bytes(data)
    return tmp_path / "given"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "x.proml"


def written(file: Path, *entries: tuple[str, bytes], edit: Edit | None = None) -> Path:
    """An archive as another hand could make it."""
    with zipfile.ZipFile(file, "w") as made:
        for name, data in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100644 << 16
            if edit:
                edit(entry)
            made.writestr(entry, data)
    return file


def refused(file: Path, said: str) -> None:
    """`unpack` raises with `said`, and nothing is written that was not there."""
    around = file.parent
    before = sorted(around.rglob("*"))
    with pytest.raises(ArtifactError, match=said) as caught:
        archive.unpack(file, around / "private" / "out")
    assert caught.value.message.endswith(".")
    shutil.rmtree(around / "private", ignore_errors=True)
    assert sorted(around.rglob("*")) == before


def test_what_goes_in_comes_out(folder: Path, file: Path, tmp_path: Path) -> None:
    archive.pack(folder, CONTENT, file)
    archive.unpack(file, tmp_path / "out")
    found = {p.relative_to(tmp_path / "out").as_posix(): p for p in (tmp_path / "out").rglob("*")}
    assert {n: p.read_bytes() for n, p in found.items() if p.is_file()} == CONTENT
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o111 == 0 for path in map(found.get, CONTENT))


def test_the_same_files_give_the_same_bytes(folder: Path, file: Path, tmp_path: Path) -> None:
    archive.pack(folder, CONTENT, file)
    again = shutil.copytree(folder, tmp_path / "again", copy_function=shutil.copyfile)
    (again / "a.txt").chmod(0o600)
    archive.pack(again, reversed(CONTENT), tmp_path / "again.proml")
    assert (tmp_path / "again.proml").read_bytes() == file.read_bytes()


def test_another_program_reads_it(folder: Path, file: Path, tmp_path: Path) -> None:
    archive.pack(folder, CONTENT, file)
    command = ["python3", "-m", "zipfile", "-t", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Done testing" in done.stdout
    with zipfile.ZipFile(file) as made:
        assert made.namelist() == sorted(CONTENT)
        assert {entry.compress_type for entry in made.infolist()} == {zipfile.ZIP_STORED}


@pytest.mark.parametrize(
    "name",
    [
        *("../x", "a/../../x", "..", "a/..", "/etc/x", "//x", "a//b", "./x", "a/./b", "a/"),
        *("a\\b", "..\\x", "C:x", "C:/x", "a\nb", "a\x1b[2J", "a\x7f", "x?", "x*", 'a"b'),
        *("a ", " a", "a.", "a/b.", "x" * 256, "ä" * 128, "d/" * 501 + "x"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(
    name: str, file: Path, folder: Path, tmp_path: Path
) -> None:
    refused(written(file, ("manifest.json", b"{}"), (name, b"evil")), f"{file.name} is refused")
    with pytest.raises(ArtifactError, match="is refused"):
        archive.pack(folder, ["a.txt", name], tmp_path / "y.proml")
    assert not (tmp_path / "y.proml").exists()


def test_a_name_that_goes_on_after_a_zero(file: Path) -> None:
    written(file, ("good.txt#evil", b""))
    file.write_bytes(file.read_bytes().replace(b"good.txt#evil", b"good.txt\0evil"))
    refused(file, "'good.txt.x00evil' is no name of a file")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("a", "A"), "A is there twice: as a"),
        (("model/x", "Model/X"), "is there twice"),
        (("\u00e4", "a\u0308"), "is there twice"),
        (("stra\u00dfe", "STRASSE"), "is there twice"),
        (("a", "a/b"), "a is a file and a folder"),
        (("A", "a/b/c"), "A is a file and a folder"),
    ],
)
def test_names_that_clash_are_refused(names: tuple[str, ...], said: str, file: Path) -> None:
    refused(written(file, *((name, b"") for name in names)), said)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice(file: Path) -> None:
    refused(written(file, ("a", b"1"), ("a", b"2")), "a is there twice: as a")


def as_kind(kind: int) -> Edit:
    def edit(entry: zipfile.ZipInfo) -> None:
        entry.external_attr = (kind | 0o777) << 16

    return edit


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK, stat.S_IFDIR]
)
def test_links_and_devices_are_refused(kind: int, file: Path) -> None:
    refused(written(file, ("a", b"/etc/passwd"), edit=as_kind(kind)), "a is no plain file")


def test_a_folder_of_another_system_is_refused(file: Path) -> None:
    def edit(entry: zipfile.ZipInfo) -> None:
        entry.external_attr = 0x10

    refused(written(file, ("a", b""), edit=edit), "a is no plain file")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_compressed_is_refused(method: int, file: Path) -> None:
    def edit(entry: zipfile.ZipInfo) -> None:
        entry.compress_type = method

    bomb = bytes(10_000_000)
    refused(written(file, ("a", bomb), edit=edit), "a is compressed")


def patched(file: Path, offset: int, form: str, value: int) -> Path:
    """Change a field of the first entry in the archive's list."""
    data = bytearray(file.read_bytes())
    at = data.index(b"PK\1\2")
    struct.pack_into(form, data, at + offset, value)
    file.write_bytes(bytes(data))
    return file


def test_sizes_that_are_not_true_are_refused(file: Path) -> None:
    written(file, ("a", b"12345"))
    refused(patched(file, 24, "<L", 500_000), "a is compressed")
    refused(patched(file, 20, "<L", 500_000), "says that it holds 500,000 bytes, more than it")


def test_entries_that_share_their_bytes_are_refused(file: Path) -> None:
    written(file, *((f"{n}", bytes(50_000)) for n in range(2)))
    data = file.read_bytes()
    first, second = (m for m in (data.index(b"PK\1\2"), data.rindex(b"PK\1\2")))
    local = data.index(b"PK\3\4", 10)
    shared = bytearray(data[:local] + data[first:])
    at = len(shared) - len(data[second:])
    struct.pack_into("<L", shared, at + 42, 0)
    struct.pack_into("<L", shared, len(shared) - 6, local)
    file.write_bytes(bytes(shared))
    refused(file, "says that it holds 100,000 bytes, more than it weighs")


def test_bytes_that_belong_to_no_file_are_refused(folder: Path, file: Path) -> None:
    archive.pack(folder, CONTENT, file)
    whole = file.read_bytes()
    second = whole.index(b"PK\3\4", 4)
    listed = whole.index(b"PK\1\2")
    for at, said in ((0, "does not follow"), (second, "is damaged|does not follow"),
                     (listed, "holds more|does not follow|is damaged"),
                     (len(whole) - 22, "does not follow|is damaged"),
                     (len(whole), "is no whole exported artifact")):  # fmt: skip
        file.write_bytes(whole[:at] + b"#!/bin/sh" + whole[at:])
        refused(file, said)


def test_bytes_hidden_between_files_are_refused(file: Path) -> None:
    """The list tells where the second file is: behind some bytes that it does not tell of."""
    with zipfile.ZipFile(file, "w") as made:
        for name in ("a", "b"):
            made.writestr(zipfile.ZipInfo(name), name)
            assert made.fp is not None
            if name == "a":
                made.fp.write(b"hidden")
                made.start_dir = made.fp.tell()
    refused(file, "b does not follow the file before it")


def test_bytes_hidden_before_the_list_are_refused(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(zipfile.ZipInfo("a"), "a")
        assert made.fp is not None
        made.fp.write(b"hidden")
        made.start_dir = made.fp.tell()
    refused(file, f"{file.name} holds more than its files")


def test_extra_fields_are_refused(file: Path) -> None:
    def edit(entry: zipfile.ZipInfo) -> None:
        entry.extra = b"up\4\0evil"  # another name of the file, for some readers

    refused(written(file, ("a", b""), edit=edit), "a says more than a file needs")


def test_an_entry_that_begins_behind_the_end_is_refused(file: Path) -> None:
    refused(patched(written(file, ("a", b"")), 42, "<L", 9), "a does not follow")


def test_a_locked_entry_is_refused(file: Path) -> None:
    refused(patched(written(file, ("a", b"12345")), 8, "<H", 1), "a is locked")


def test_too_many_files_are_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILES", 3)
    written(file, *((f"{n}", b"") for n in range(4)))
    refused(file, "holds 4 files, more than 3")
    data = bytearray(file.read_bytes())
    struct.pack_into("<H", data, len(data) - 12, 2)
    file.write_bytes(bytes(data))
    refused(file, "holds 4 files, more than 3")


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\5\6", b"x" * 1000, b"\0" * 22])
def test_what_is_no_archive(data: bytes, file: Path) -> None:
    file.write_bytes(data)
    refused(file, "is not an exported artifact")


def test_every_flipped_byte_is_found_or_changes_nothing(
    folder: Path, file: Path, tmp_path: Path
) -> None:
    """What is unpacked from a damaged file is never other content under the same name."""
    archive.pack(folder, ["a.txt", "deep/er/b"], file)
    whole = file.read_bytes()
    n_refused = 0
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        out = tmp_path / "private" / "out"
        try:
            archive.unpack(file, out)
            for path in (out / "a.txt", out / "deep/er/b"):
                assert not path.exists() or path.read_bytes() == CONTENT[str(path.relative_to(out))]
        except ArtifactError:
            n_refused += 1
        shutil.rmtree(tmp_path / "private", ignore_errors=True)
    assert n_refused > len(whole) / 2


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_off(part: float, folder: Path, file: Path) -> None:
    archive.pack(folder, CONTENT, file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    refused(file, "is no whole exported artifact: its end is cut off or changed|is damaged")


def test_no_file_and_no_room(
    folder: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="is a folder"):
        archive.unpack(folder, tmp_path / "out")
    with pytest.raises(SourceError, match="There is no file"):
        archive.unpack(file, tmp_path / "out")
    archive.pack(folder, CONTENT, file)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 7))
    with pytest.raises(SourceError, match=r"bytes are needed to unpack, and 7 are free"):
        archive.unpack(file, tmp_path / "out")
