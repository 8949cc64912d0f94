"""Environments built from a lock; a wheel of our own, so that no index is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from proml_lab.errors import ArtifactError, RunError
from proml_lab.promote.freeze import environment, fresh
from proml_lab.promote.freeze.environment import Frozen, freeze
from tests.promote.freeze.conftest import install

Locked = Callable[..., Frozen]


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Locked:
    """``locked(text)``: the lock of an environment that holds one local package."""
    monkeypatch.setenv(fresh.CACHE, str(tmp_path / "cache"))

    def made(text: str = "answer = 42\n", *more: str) -> Frozen:
        number = len(list(tmp_path.iterdir()))
        site = tmp_path / f"site{number}"
        origin = {"url": (tmp_path / "some.whl").as_uri(), "archive_info": {}}
        install(site, "some", "1", {"some.py": text}, origin=origin)
        for name in more:
            install(site, name, "1")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "path", [str(site)])
            return freeze(tmp_path / f"environment{number}")

    return made


def imported(python: str) -> str:
    command = [python, "-I", "-c", "import some; print(some.answer)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_an_environment_is_built_once_and_whole(locked: Locked, tmp_path: Path) -> None:
    folder = locked().folder
    steps: list[str] = []

    def build(_: int) -> str:
        return fresh.build(folder, lambda part, words: steps.append(words)).python

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(build, range(2))
    assert one == two
    assert imported(one) == "42"
    assert steps == ["building an environment of 1 packages (once)"]
    place = Path(one).parents[2]
    (place / "complete.json").unlink()  # as after a crash
    (place / "venv" / "bin" / "python").unlink()
    assert imported(build(0)) == "42"
    assert len(steps) == 2
    assert imported(fresh.build(locked("answer = 43\n").folder).python) == "43"


def test_what_pip_cannot_have_is_one_line_and_leaves_nothing_to_use(
    locked: Locked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    folder = locked("answer = 1\n", "surely-not-there").folder
    said = r"cannot be built: No matching distribution found for surely-not-there==1\n"
    with pytest.raises(RunError, match=said) as caught:
        fresh.build(folder)
    assert "install.log" in caught.value.hint
    assert not list(fresh.cache().glob("*/complete.json"))


def test_locks_that_cannot_be_used_are_refused(locked: Locked) -> None:
    folder = locked().folder
    text = (folder / "pylock.toml").read_text()
    (wheel,) = (folder / "wheels").iterdir()
    wheel.write_bytes(b"other")
    with pytest.raises(ArtifactError, match="is not the one that the lock names"):
        fresh.build(folder)
    wheel.unlink()
    with pytest.raises(ArtifactError, match="which is not there"):
        fresh.build(folder)
    (folder / "pylock.toml").write_text(text.replace("wheels/some", "../some"))
    with pytest.raises(ArtifactError, match="which is not there"):
        fresh.build(folder)
    (folder / "pylock.toml").write_text('lock-version = "1.0"\nrequires-python = "==2.7.*"\n')
    with pytest.raises(ArtifactError, match=r"for Python 2\.7, and this is Python 3"):
        fresh.build(folder)
    (folder / "pylock.toml").write_text("=")
    with pytest.raises(ArtifactError, match="cannot be read"):
        fresh.build(folder)


def test_files_other_than_those_that_were_locked_are_named(locked: Locked) -> None:
    frozen = locked()
    python = fresh.build(frozen.folder).python
    place = Path(python).parents[2]
    inside = next((place / "venv" / "lib").glob("python3*")) / "site-packages"
    packages = (replace(frozen.packages[0], folder=None, content="0" * 64),)
    environment.complete(replace(frozen, packages=packages, wheels={}), {})
    assert fresh._unlike(frozen.folder, place) == ["some"]
    assert (inside / "some.py").is_file()


def test_what_came_from_an_index_is_known_by_address_and_digest(tmp_path: Path) -> None:
    hashes = {"hashes": {"sha256": "a" * 64}}
    url = "https://files.example/some-1-py3-none-any.whl"
    install = [
        {"metadata": {"name": "Some"}, "download_info": {"url": url, "archive_info": hashes}},
        {
            "metadata": {"name": "own"},
            "is_direct": True,
            "download_info": {"url": "file:///own.whl", "archive_info": hashes},
        },
    ]
    (tmp_path / "report.json").write_text(json.dumps({"install": install}))
    assert fresh._downloads(tmp_path / "report.json") == {"some": (url, "a" * 64)}


@pytest.mark.parametrize(
    ("system", "variable", "ends"),
    [
        ("linux", "XDG_CACHE_HOME", "there/proml-lab/environments"),
        ("win32", "LOCALAPPDATA", "there/proml-lab/environments"),
        ("darwin", "HOME", "there/Library/Caches/proml-lab/environments"),
    ],
)
def test_the_cache_is_where_the_system_has_it(
    monkeypatch: pytest.MonkeyPatch, system: str, variable: str, ends: str
) -> None:
    monkeypatch.delenv(fresh.CACHE, raising=False)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setenv(variable, "there")
    assert fresh.cache().as_posix().endswith(ends)
