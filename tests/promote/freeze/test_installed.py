"""What is installed, and where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.promote.freeze.installed import Package, normal, packages
from tests.promote.freeze.conftest import install


def only(site: Path) -> Package:
    (found,) = packages([str(site)])
    return found


def test_the_first_of_a_name_counts_and_names_are_normalised(tmp_path: Path) -> None:
    install(tmp_path / "a", "My_Torch", "2.13.0+cpu")
    install(tmp_path / "b", "my.torch", "1.0")
    install(tmp_path / "b", "Another", "3")
    found = packages([str(tmp_path / "a"), str(tmp_path / "b")])
    assert [(p.name, p.version) for p in found] == [("another", "3"), ("my-torch", "2.13.0+cpu")]
    assert normal("A__b.-C") == "a-b-c"


def test_the_content_tells_files_apart_and_nothing_else(tmp_path: Path) -> None:
    code = {"some/__init__.py": "x = 1\n", "some/__pycache__/x.cpython-311.pyc": "bytes"}
    install(tmp_path / "a", "some", "1", code)
    install(tmp_path / "b", "some", "1", {**code, "some/__pycache__/x.cpython-311.pyc": "others"})
    install(tmp_path / "c", "some", "1", {**code, "some/__init__.py": "x = 2\n"})
    install(tmp_path / "d", "some", "1", code, about={"INSTALLER": "uv", "REQUESTED": ""})
    install(tmp_path / "e", "some", "1", {**code, "../../bin/some": "#!/home/x/python"})
    a, b, c, d, e = (only(tmp_path / name).content for name in "abcde")
    assert a == b == d == e != c
    assert len(a) == 64


def test_it_is_described_as_the_standard_library_reads_it(site: Path) -> None:
    fields = "Requires-Dist: one>=1\nRequires-Dist: two; extra == 'fast'\n"
    below = "\nName: Other\nRequires-Dist: three\n"
    head = f"Metadata-Version: 2.1\nName: Some\nVersion: 1.0+cpu\n{fields}"
    install(site, "some", "1.0+cpu", about={"METADATA": head + below})
    found = only(site)
    assert (found.name, found.version) == ("some", "1.0+cpu")
    assert found.asks == ("one>=1", "two; extra == 'fast'")


def test_everything_here_is_read_as_the_standard_library_reads_it() -> None:
    for package in packages():
        assert package.distribution is not None
        assert package.version == package.distribution.version
        assert package.asks == tuple(package.distribution.requires or ())


def test_an_egg_tells_what_it_asks_for_in_a_file_of_its_own(site: Path) -> None:
    egg = site / "old-1.egg-info"
    egg.mkdir()
    (egg / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: old\nVersion: 1\n")
    (egg / "requires.txt").write_text("one>=1\n")
    assert only(site).asks == ("one>=1",)


def test_without_a_record_nothing_is_known_of_the_content(site: Path) -> None:
    install(site, "some", "1")
    assert only(site).content == ""


@pytest.mark.parametrize(
    ("info", "hashes"),
    [
        ({"hashes": {"sha256": "ab"}}, {"sha256": "ab"}),
        ({"hash": "sha256=cd"}, {"sha256": "cd"}),
        ({}, {}),
    ],
)
def test_an_archive_is_known_by_its_address_without_account_and_hashes(
    site: Path, info: dict[str, object], hashes: dict[str, str]
) -> None:
    url = "https://me:secret@files.example/some-1-py3-none-any.whl"
    install(site, "some", "1", origin={"url": url, "archive_info": info})
    found = only(site)
    assert found.url == "https://files.example/some-1-py3-none-any.whl"
    assert found.hashes == hashes
    assert found.folder is None


def test_a_checkout_is_known_by_its_commit(site: Path) -> None:
    vcs = {"vcs": "git", "commit_id": "f" * 40, "requested_revision": "main"}
    origin = {"url": "https://git.example/some", "vcs_info": vcs, "subdirectory": "py"}
    install(site, "some", "1", origin=origin)
    found = only(site)
    assert found.vcs == {"type": "git", "commit-id": "f" * 40, "requested-revision": "main"}
    assert found.subdirectory == "py"


def test_a_folder_is_local_and_may_be_editable(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my code"
    install(site, "one", "1", origin={"url": folder.as_uri(), "dir_info": {"editable": True}})
    install(site, "two", "1", origin={"url": folder.as_uri(), "dir_info": {}})
    one, two = packages([str(site)])
    assert one.folder == two.folder == folder
    assert (one.editable, two.editable) == (True, False)


def test_an_origin_that_is_half_written_counts_as_none(site: Path) -> None:
    place = install(site, "some", "1")
    (place / "direct_url.json").write_text("{")
    assert only(site) == Package("some", "1")
