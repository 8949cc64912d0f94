"""Browse features, fit and compare models, explain them, promote the notebook.

In a notebook: ``%load_ext proml_lab``, then ``%proml help``. In Python the names of `__all__`.
Each is imported when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from proml_lab.authoring import fit
    from proml_lab.contracts import Dataset
    from proml_lab.errors import ProMLError
    from proml_lab.evaluate.compare import compare
    from proml_lab.explain.explain import explain
    from proml_lab.marketplace.view import FeatureView
    from proml_lab.marketplace.workspace import open_workspace
    from proml_lab.model import Model
    from proml_lab.promote import artifacts, load_artifact, promote, reproduce, verify
    from proml_lab.spec import ModelSpec

    __version__: str

__all__ = [
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
]

_HOME = {
    "Dataset": "proml_lab.contracts",
    "FeatureView": "proml_lab.marketplace.view",
    "Model": "proml_lab.model",
    "ModelSpec": "proml_lab.spec",
    "ProMLError": "proml_lab.errors",
    "artifacts": "proml_lab.promote",
    "compare": "proml_lab.evaluate",
    "explain": "proml_lab.explain",
    "fit": "proml_lab.authoring",
    "load_artifact": "proml_lab.promote",
    "open_workspace": "proml_lab.marketplace.workspace",
    "promote": "proml_lab.promote",
    "reproduce": "proml_lab.promote",
    "verify": "proml_lab.promote",
}


class _Package(ModuleType):
    """A module whose public names win over its sub-packages of the same name.

    Importing ``proml_lab.explain.report`` would otherwise replace the function
    ``proml_lab.explain`` by the package. ``from proml_lab.explain import …`` works as ever.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (isinstance(value, ModuleType) and name in _HOME):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    if name in _HOME:
        value: object = getattr(import_module(_HOME[name]), name)
    elif name == "__version__":
        from importlib.metadata import version

        value = version("proml-lab")
    else:
        raise AttributeError(f"module 'proml_lab' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """``%load_ext proml_lab``: the magic, its completion and ``%config ProML``."""
    from proml_lab.magics.magic import load

    load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """``%unload_ext proml_lab``: take them away again."""
    from proml_lab.magics.magic import unload

    unload(ipython)
