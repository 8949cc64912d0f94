from __future__ import annotations

import subprocess
import sys
from types import FunctionType

import pytest

import proml_lab

PUBLIC = {
    "Dataset",
    "FeatureView",
    "Model",
    "ModelSpec",
    "ProMLError",
    "artifacts",
    "compare",
    "explain",
    "fit",
    "load_artifact",
    "open_workspace",
    "promote",
    "reproduce",
    "verify",
}


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_public_names_are_these_and_no_more() -> None:
    assert set(proml_lab.__all__) == PUBLIC
    assert list(proml_lab.__all__) == sorted(proml_lab.__all__)
    assert len(PUBLIC) <= 15


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_public_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(proml_lab, name)
    assert isinstance(value, type | FunctionType)
    assert value.__module__.startswith("proml_lab.")
    assert value.__doc__
    assert name in dir(proml_lab)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'proml_lab' has no attribute 'nothing'"):
        proml_lab.nothing  # noqa: B018


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert proml_lab.__version__ == version("proml-lab")


@pytest.mark.parametrize("name", ["explain", "promote"])
def test_functions_win_over_packages_of_the_same_name(name: str) -> None:
    code = f"""
import importlib
importlib.import_module("proml_lab.{name}")
import proml_lab
from proml_lab import {name}
assert callable({name}) and {name} is proml_lab.{name}
module = importlib.import_module("proml_lab.{name}.{name if name == "explain" else "promotion"}")
assert module.{name} is {name}
print(proml_lab.{name}.__name__)
"""
    assert run(code).strip() == name


def test_importing_the_magic_loads_nothing_heavy() -> None:
    code = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "proml_lab")
shell.run_line_magic("proml", "help")
shell.run_line_magic("proml", "help fit")
print(*sorted(name for name in sys.modules if "." not in name))
"""
    heavy = {"polars", "numpy", "pydantic", "plotly", "lightgbm", "mlflow", "sklearn", "pandas"}
    assert not heavy & set(run(code).split())
