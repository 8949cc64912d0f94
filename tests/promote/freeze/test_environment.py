"""The lock of the environment, read by `packaging`."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from proml_lab.promote.freeze.environment import complete, freeze, read_platform
from tests.promote.freeze.conftest import install


def test_the_lock_is_valid_and_exact(tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    freeze(folder)
    made = tomllib.loads((folder / "pylock.toml").read_text())
    sources = {"wheels", "archive", "vcs", "sdist"}
    for package in made["packages"]:  # the file that the index gave, which nobody knows afterwards
        if not sources & package.keys():
            assert len(package["tool"]["proml-lab"]["content"]) == 64 or "hash" not in package
            package["directory"] = {"path": "somewhere"}
    lock = Pylock.from_dict(made)
    found = {package.name: str(package.version) for package in lock.packages}
    for name in ("polars", "numpy", "mlflow-skinny", "papermill"):
        assert found[name] == distribution(name).version
    assert list(found) == sorted(found)
    assert str(lock.requires_python) == f"=={sys.version_info.major}.{sys.version_info.minor}.*"
    pins = (folder / "requirements.txt").read_text().splitlines()
    assert [p for p in pins if p[0] != "-"] == [f"{n}=={version}" for n, version in found.items()]
    assert read_platform(folder)["python"] == platform.python_version()


def test_what_came_from_a_folder_is_a_wheel_of_the_lock(tmp_path: Path) -> None:
    """The package under test is installed from a checkout, as in development."""
    folder = tmp_path / "environment"
    freeze(folder)
    lock = Pylock.from_dict(
        {**_known(folder), "packages": [p for p in _packages(folder) if p["name"] == "proml-lab"]}
    )
    (wheel,) = lock.packages[0].wheels or ()
    assert wheel.path is not None
    data = (folder / wheel.path).read_bytes()
    assert wheel.size == len(data)
    assert wheel.hashes == {"sha256": hashlib.sha256(data).hexdigest()}
    pins = (folder / "requirements.txt").read_text().splitlines()
    assert pins[0] == "--find-links wheels"


def test_the_same_environment_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    freeze(one), freeze(two)
    names = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(two) for p in two.rglob("*") if p.is_file())
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)


def test_sources_that_are_known_are_told_as_the_standard_asks(
    tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = "a" * 64
    archive = {"hashes": {"sha256": digest}}
    vcs = {"vcs": "git", "commit_id": "f" * 40}
    places = {
        "one": {"url": "https://x.example/one-1-py3-none-any.whl", "archive_info": archive},
        "two": {"url": "https://x.example/two.tar.gz", "archive_info": archive},
        "three": {"url": "https://x.example/three", "vcs_info": vcs, "subdirectory": "py"},
    }
    for name, origin in places.items():
        install(site, name, "1", origin=origin)
    install(site, "four", "1")
    install(site, "five", "1")
    monkeypatch.setattr(sys, "path", [str(site)])
    frozen = freeze(tmp_path / "environment")
    url = "https://x.example/four-1-py3-none-any.whl"
    complete(frozen, {"four": (url, digest), "five": ("https://x.example/five-1.tar.gz", digest)})
    lock = Pylock.from_dict(_known(tmp_path / "environment"))
    five, four, one, three, two = lock.packages
    assert [w.url for w in one.wheels or ()] == ["https://x.example/one-1-py3-none-any.whl"]
    assert two.archive is not None
    assert two.archive.hashes == {"sha256": digest}
    assert three.vcs is not None
    assert (three.vcs.commit_id, three.vcs.subdirectory) == ("f" * 40, "py")
    assert three.version is None
    assert [w.url for w in four.wheels or ()] == [url]
    assert five.sdist is not None


def test_local_labels_are_kept(tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "My_Torch", "2.13.0+cpu")
    monkeypatch.setattr(sys, "path", [str(site)])
    freeze(tmp_path / "environment")
    assert _packages(tmp_path / "environment") == [{"name": "my-torch", "version": "2.13.0+cpu"}]
    assert (tmp_path / "environment" / "requirements.txt").read_text() == "my-torch==2.13.0+cpu\n"


def _known(folder: Path) -> dict[str, object]:
    return tomllib.loads((folder / "pylock.toml").read_text())


def _packages(folder: Path) -> list[dict[str, object]]:
    found = json.loads(json.dumps(_known(folder)["packages"]))
    assert isinstance(found, list)
    return found
