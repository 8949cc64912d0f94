"""The kernel that a notebook names: its language, and whether it is the Python that runs here."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proml_lab.errors import NotebookError

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec

_PYTHON = ("python", "python3", "ipython")
_PLAIN = ("", "python", "python3")
_LANGUAGES = {"ir": "R", "julia": "Julia", "bash": "Bash", "deno": "TypeScript", "rust": "Rust"}


def require_python(metadata: Mapping[str, Any], *, where: str) -> None:
    """Raise NotebookError unless the notebook `where` with this metadata is in Python.

    An editor may write nothing but the kernel's name: then the installed kernel of that name says
    the language.
    """
    name, said = _named(metadata), _languages(metadata)
    spec = None if said or name.lower() in (*_PLAIN, *_PYTHON) else _installed(name)
    if spec is not None:
        said = [spec.language]
    stem = name.lower().partition("-")[0]
    if not said and stem in _LANGUAGES:
        said = [_LANGUAGES[stem]]
    other = next((word for word in said if word.lower() not in _PYTHON), "")
    if other:
        raise NotebookError(
            f"{where} is written in {other}.", hint="only Python notebooks can be promoted."
        )
    if not said and name.lower() not in (*_PLAIN, *_PYTHON):
        raise NotebookError(
            f"{where} names the kernel {name!r}, which is not installed here, and no language.",
            hint=f"in JupyterLab choose a Python kernel (Kernel, Change Kernel) and save; there "
            f"{_choices()}.",
        )


def another(metadata: Mapping[str, Any]) -> str:
    """How the kernel that the notebook names differs from the Python that runs it; empty if not."""
    name = _named(metadata)
    if name.lower() in _PLAIN:
        return ""
    spec = _installed(name)
    if spec is None:
        return f"the notebook names the kernel {name!r}, which is not installed here"
    command = spec.argv[0] if spec.argv else ""
    if Path(command).is_absolute() and not _same(command, sys.executable):
        return f"the notebook names the kernel {name!r}, which is another Python than this one"
    return ""


def _named(metadata: Mapping[str, Any]) -> str:
    return str(metadata.get("kernelspec", {}).get("name", ""))


def _languages(metadata: Mapping[str, Any]) -> list[str]:
    """What the notebook itself says."""
    spec, info = metadata.get("kernelspec", {}), metadata.get("language_info", {})
    return [str(word) for word in (spec.get("language"), info.get("name")) if word]


def _installed(name: str) -> KernelSpec | None:
    """The kernel of that name; None where there is none that can be read."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        return KernelSpecManager().get_kernel_spec(name)
    except (NoSuchKernel, ValueError):
        return None


def _choices() -> str:
    from jupyter_client.kernelspec import KernelSpecManager

    names = sorted(KernelSpecManager().find_kernel_specs())
    return f"{'is' if len(names) == 1 else 'are'} {', '.join(names)}" if names else "is none"


def _same(one: str, other: str) -> bool:
    """Whether two interpreters lie in the same environment: links of one, such as python3."""
    folders = {Path(path).parent.resolve() for path in (one, other)}
    return len(folders) == 1
