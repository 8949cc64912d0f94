"""The lock of the environment."""

from __future__ import annotations

import json
import platform
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from proml_lab.promote.freeze.environment import freeze


def test_the_lock_is_valid_and_exact(tmp_path: Path) -> None:
    freeze(tmp_path / "environment")
    text = (tmp_path / "environment" / "pylock.toml").read_text()
    made = tomllib.loads(text)
    for package in made["packages"]:  # where it comes from, which nobody knows afterwards
        package["directory"] = {"path": "somewhere"}
    lock = Pylock.from_dict(made)
    found = {package.name: str(package.version) for package in lock.packages}
    for name in ("polars", "numpy", "mlflow-skinny", "papermill"):
        assert found[name] == distribution(name).version
    assert list(found) == sorted(found)
    assert str(lock.requires_python) == f"=={sys.version_info.major}.{sys.version_info.minor}.*"
    assert not {"http", "file:", "/"} & set(text.replace("=", " ").split())
    pins = (tmp_path / "environment" / "requirements.txt").read_text().splitlines()
    assert pins == [f"{name}=={version}" for name, version in found.items()]
    ground = json.loads((tmp_path / "environment" / "platform.json").read_text())
    assert ground["python"] == platform.python_version()
    assert ground["machine"] == platform.machine()


def test_local_labels_are_kept_and_names_normalised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, folder in (("2.13.0+cpu", "first"), ("1.0", "second")):
        place = tmp_path / folder / f"My_Torch-{version}.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: My_Torch\nVersion: {version}\n"
        )
    monkeypatch.setattr(sys, "path", [str(tmp_path / n) for n in ("first", "second")])
    freeze(tmp_path / "environment")
    lock = tomllib.loads((tmp_path / "environment" / "pylock.toml").read_text())
    assert lock["packages"] == [{"name": "my-torch", "version": "2.13.0+cpu"}]
