"""How the present ground differs from an artifact's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proml_lab.promote.freeze.environment import freeze
from proml_lab.promote.reproduction.drift import machine_apart, packages_apart


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return freeze(tmp_path_factory.mktemp("drift") / "environment").folder


def test_the_environment_does_not_differ_from_itself(frozen: Path) -> None:
    assert [*packages_apart(frozen), *machine_apart(frozen)] == []


def test_each_package_that_differs_is_a_line(tmp_path: Path, frozen: Path) -> None:
    lock = """
lock-version = "1.0"
[[packages]]
name = "polars"
version = "0.1"
[[packages]]
name = "surely-not-there"
version = "3"
[[packages]]
name = "numpy"
version = "NUMPY"
[packages.tool.proml-lab]
content = "0000"
"""
    from importlib.metadata import version

    (tmp_path / "pylock.toml").write_text(lock.replace("NUMPY", version("numpy")))
    assert list(packages_apart(tmp_path)) == [
        f"polars is {version('polars')} here, and was 0.1",
        "surely-not-there 3 is not installed here",
        f"numpy {version('numpy')} has other files here",
    ]


def test_each_fact_of_the_machine_that_differs_is_a_line(tmp_path: Path, frozen: Path) -> None:
    facts = json.loads((frozen / "platform.json").read_text())
    here = f"cpu_features is {' '.join(facts['cpu_features'])} here, and was neon sve"
    facts |= {"cpu": "Another", "cpu_features": ["neon", "sve"]}
    (tmp_path / "platform.json").write_text(json.dumps(facts))
    cpu, features = machine_apart(tmp_path)
    assert cpu.endswith("here, and was Another")
    assert features == here
