"""What is kept of view files gives the same catalogue as reading them, whatever befell it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from proml_lab.errors import SpecError
from proml_lab.marketplace import documents
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.definitions import Definitions, _catalog, _document
from proml_lab.marketplace.states import states

N = documents.LEAST
OLD = 10**18
"""A time of change: 2001-09-09, in ns."""


@pytest.fixture
def shop(tmp_path: Path) -> Definitions:
    """As many files as are kept: an entity, and views with a pivot each."""
    write(tmp_path / "features" / "kind.yaml", "entity: shop\nkeys: {id: integer}\n")
    for i in range(N):
        write(tmp_path / "features" / f"v{i:03}.yaml", view(i))
    return Definitions(tmp_path, ("features",), (("lake", "sqlite:///lake.db"),))


def view(i: int, kind: str = "integer") -> str:
    return (
        f"view: shop.v{i}\nsource: s.parquet\nentities: [shop]\nevent_time: at\nfeatures:\n"
        f"  n: {{type: {kind}, aggregate: count, window: {i + 1}h, "
        "by: {column: kind, values: [a, b]}}\n"
    )


def write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    os.utime(file, ns=(OLD, OLD))


def again(shop: Definitions) -> Catalog:
    """The catalogue as another process has it: nothing is in memory."""
    _catalog.cache_clear()
    _document.cache_clear()
    return shop.catalog


def plain(shop: Definitions) -> Catalog:
    """The catalogue by reading every file."""
    files = [Path(file) for file, _, _ in states(shop.root, shop.folders)]
    return Catalog.read(files, root=shop.root, databases=dict(shop.databases))


def same(one: Catalog, other: Catalog) -> None:
    assert one.views == other.views
    assert one.entities == other.entities
    for a, b in zip((*one.views, *one.entities), (*other.views, *other.entities), strict=True):
        assert {**a.places.lines} == {**b.places.lines}
        assert (a.path, a.places.name) == (b.path, b.places.name)
    for v, w in zip(one.views, other.views, strict=True):
        assert (v.digest, v.meaning, v.keys, v.root) == (w.digest, w.meaning, w.keys, w.root)
        assert v._databases == w._databases


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read, in this test, by the reader of documents."""
    names: list[str] = []
    reader = documents.read_document

    def counting(file: Path, **more: object) -> object:
        names.append(file.name)
        return reader(file, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(documents, "read_document", counting)
    return names


def kept(shop: Definitions) -> Path:
    return shop.root / ".proml" / "views.kept"


def test_the_second_process_reads_no_file_and_has_the_same(
    shop: Definitions, read: list[str]
) -> None:
    first = again(shop)
    assert len(read) == N + 1
    assert {file.name for file in kept(shop).parent.iterdir()} == {"views.kept", ".gitignore"}
    read.clear()
    second = again(shop)
    assert read == []
    same(second, first)
    same(second, plain(shop))


def test_files_that_changed_are_read(shop: Definitions, read: list[str]) -> None:
    again(shop)
    before = kept(shop).read_bytes()
    read.clear()
    folder = shop.root / "features"
    (folder / "v001.yaml").write_text(view(1).replace("2h", "3h"))
    os.utime(folder / "v001.yaml", ns=(OLD, OLD))  # same size, and the same time of change
    (folder / "v002.yaml").unlink()
    write(folder / "new.yaml", view(1000))
    found = again(shop)
    assert sorted(read) == ["new.yaml", "v001.yaml"]
    same(found, plain(shop))
    assert kept(shop).read_bytes() == before  # for two files it is not written anew


def test_mistakes_are_told_each_time_and_the_rest_is_kept(
    shop: Definitions, read: list[str]
) -> None:
    write(shop.root / "features" / "wrong.yaml", view(1000, "flaot"))
    write(shop.root / "features" / "lost.yaml", view(1001).replace("[shop]", "{shop: [a, b]}"))
    for _ in range(2):
        with pytest.raises(SpecError) as caught:
            again(shop)
        assert "wrong.yaml:6: features.n.type: " in caught.value.message
    assert read.count("wrong.yaml") == 2
    assert read.count("v001.yaml") == 1
    (shop.root / "features" / "wrong.yaml").unlink()
    with pytest.raises(SpecError) as other:
        again(shop)
    with pytest.raises(SpecError) as all_read:
        plain(shop)
    assert other.value.message == all_read.value.message
    assert "lost.yaml:3: entities.shop: " in other.value.message  # found when views are linked


def test_what_changed_a_moment_ago_is_not_kept(shop: Definitions, read: list[str]) -> None:
    (shop.root / "features" / "v001.yaml").touch()
    again(shop)
    read.clear()
    same(again(shop), plain(shop))
    assert read == ["v001.yaml"]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda data: data[: len(data) // 2],
    "another byte": lambda data: data.replace(b'"integer"', b'"boolean"', 1),
    "empty": lambda data: b"",
    "of another form": lambda data: data.replace(b"proml-views/1", b"proml-views/2"),
    "made by another version": lambda data: data[:14] + b"0" * 16 + data[30:],
    "no such thing": lambda data: b"\xff\x00\n\n",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_or_of_others_is_read_anew(
    shop: Definitions, read: list[str], damage: str
) -> None:
    first = again(shop)
    whole = kept(shop).read_bytes()
    assert DAMAGES[damage](whole) != whole
    kept(shop).write_bytes(DAMAGES[damage](whole))
    read.clear()
    same(again(shop), first)
    assert len(read) == N + 1
    assert kept(shop).read_bytes() == whole


def test_a_copied_workspace_is_read_anew(
    shop: Definitions, read: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    again(shop)
    there = tmp_path_factory.mktemp("there") / "shop"
    subprocess.run(["cp", "-a", shop.root, there], check=True)
    read.clear()
    copy = Definitions(there, shop.folders, shop.databases)
    same(again(copy), plain(copy))
    assert len(read) == N + 1


def test_few_files_are_neither_kept_nor_looked_up(tmp_path: Path, read: list[str]) -> None:
    for i in range(N - 1):
        write(tmp_path / "features" / f"v{i:03}.yaml", view(i))
    few = Definitions(tmp_path, ("features",))
    again(few)
    assert not (tmp_path / ".proml").exists()
    assert len(read) == N - 1


def test_where_nothing_can_be_kept_all_is_read(shop: Definitions, read: list[str]) -> None:
    (shop.root / ".proml").write_text("a file, where the folder should be")
    same(again(shop), plain(shop))
    same(again(shop), plain(shop))
    assert len(read) == 2 * (N + 1)


def test_a_part_of_the_files_leaves_the_others_kept(shop: Definitions, read: list[str]) -> None:
    again(shop)
    for i in range(N, 2 * N):
        write(shop.root / "features" / f"v{i:03}.yaml", view(i))
    (shop.root / "features" / "v000.yaml").unlink()
    again(shop)
    read.clear()
    same(again(shop), plain(shop))
    assert read == []
    assert b"v000.yaml" not in kept(shop).read_bytes()


def test_two_processes_keep_one_whole_file(shop: Definitions, read: list[str]) -> None:
    (shop.root / "proml.toml").touch()
    code = (
        "import sys; from proml_lab.marketplace.workspace import open_workspace; "
        "print(len(open_workspace(sys.argv[1]).catalog.views))"
    )
    command = [sys.executable, "-c", code, str(shop.root)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [one.communicate()[0] for one in both] == [f"{N}\n"] * 2
    same(again(shop), plain(shop))
    assert read == []
