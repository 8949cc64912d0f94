"""What a run stood on: the packages that were installed, and the platform under them."""

from __future__ import annotations

import json
import platform
import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

from proml_lab.contracts import Json


def freeze(folder: Path) -> None:
    """Write ``pylock.toml``, ``requirements.txt`` and ``platform.json`` into `folder`.

    Packages are those installed for this interpreter, with exact versions; local labels such as
    ``+cpu`` are kept. Where a package came from is left out: an installation does not say. So the
    lock is PEP 751 but for the wheels' addresses and hashes, and pip installs from the pins.
    """
    folder.mkdir(parents=True)
    pins = [f"{name}=={version}\n" for name, version in sorted(packages().items())]
    (folder / "requirements.txt").write_text("".join(pins), encoding="utf-8", newline="\n")
    (folder / "pylock.toml").write_text(lock(), encoding="utf-8", newline="\n")
    text = json.dumps(ground(), indent=1, sort_keys=True) + "\n"
    (folder / "platform.json").write_text(text, encoding="utf-8", newline="\n")


def lock() -> str:
    """The text of ``pylock.toml``: packages sorted by name, the same for the same environment."""
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    marker = f"sys_platform == '{sys.platform}' and platform_machine == '{platform.machine()}'"
    lines = [
        'lock-version = "1.0"',
        f"environments = [{_quoted(marker)}]",
        f'requires-python = "=={minor}.*"',
        'created-by = "proml-lab"',
    ]
    for name, version in sorted(packages().items()):
        lines += ["", "[[packages]]", f"name = {_quoted(name)}", f"version = {_quoted(version)}"]
    return "\n".join(lines) + "\n"


def packages() -> dict[str, str]:
    """Normalised name to version of what this interpreter would import."""
    found: dict[str, str] = {}
    for distribution in distributions():
        name = _name(distribution)
        if name and name not in found:
            found[name] = distribution.version
    return found


def ground() -> dict[str, Json]:
    """Python and the platform under it; nothing that changes from run to run."""
    libc = " ".join(platform.libc_ver()).strip()
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": libc,
    }


def _name(distribution: Distribution) -> str:
    name = distribution.metadata["Name"] or ""
    return re.sub(r"[-_.]+", "-", name).lower()


def _quoted(text: str) -> str:
    return json.dumps(text)
