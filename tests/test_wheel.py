"""The wheel and the source archive: what is in them, and that a stranger can use them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KERNEL = """
import sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel()

def show(message):
    content = message["content"]
    print(content.get("text") or content.get("data", {}).get("text/plain") or content)

try:
    for line in ("%load_ext proml_lab", "%proml help", "import proml_lab; proml_lab.__file__"):
        reply = client.execute_interactive(line, output_hook=show, timeout=60)
        assert reply["content"]["status"] == "ok", reply
finally:
    client.stop_channels()
    manager.shutdown_kernel()
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive; the built extension is used if fresh."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--sdist", "--wheel", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def installed(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``bin`` of a new environment with the wheel and what ``[lab]`` asks for."""
    place = tmp_path_factory.mktemp("fresh") / "env"
    _run(sys.executable, "-m", "venv", place)
    (wheel,) = archives.glob("*.whl")
    pip = [place / "bin" / "pip", "install", "-q", "-c", ROOT / "constraints.txt"]
    _run(*pip, f"{wheel}[lab]")
    return place / "bin"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_wheel_holds_the_extension_and_the_notebooks(archives: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    data = f"proml_lab-{_version()}.data/data/"
    shared = {name.removeprefix(data) for name in names if name.startswith(data)}
    extension = "share/jupyter/labextensions/proml-lab/"
    assert "etc/jupyter/jupyter_server_config.d/proml_lab.json" in shared
    assert {extension + "install.json", extension + "package.json"} <= shared
    assert any(re.fullmatch(extension + r"static/remoteEntry\.\w+\.js", name) for name in shared)
    assert "proml_lab/examples/notebooks/01_flight_delay.ipynb" in names
    assert "proml_lab/py.typed" in names
    strays = [name for name in names if not name.startswith(("proml_lab/", "proml_lab-"))]
    assert strays == []
    assert not [name for name in names if "node_modules" in name or "labextension/" in name]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_source_archive_can_be_built_from(archives: Path) -> None:
    (archive,) = archives.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    sources = ("package.json", "yarn.lock", "tsconfig.json", "src/index.ts", "style/base.css")
    assert {f"extension/{name}" for name in (*sources, ".yarnrc.yml", "install.json")} <= names
    assert {"hatch_build.py", "proml_lab/labextension/package.json", "README.md"} <= names
    assert not [name for name in names if "node_modules" in name or name.startswith(".venv")]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_plain_install_enables_the_extension(installed: Path) -> None:
    listed = _run(installed / "jupyter", "labextension", "list")
    assert re.search(
        rf"proml-lab v{re.escape(_version())} enabled OK \(python, proml-lab\)", listed
    )
    servers = _run(installed / "jupyter", "server", "extension", "list")
    assert re.search(r"proml_lab\.server enabled\n.*\n\s+proml_lab\.server\s+OK", servers)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_magics_work_in_a_real_kernel_outside_of_the_checkout(
    installed: Path, tmp_path: Path
) -> None:
    said = _run(installed / "python", "-c", KERNEL, where=tmp_path)
    for verb in ("features", "fit", "compare", "explain", "promote"):
        assert verb in said
    assert str(installed.parent) in said
    assert f"{ROOT}/" not in said


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nothing_is_amiss_in_the_new_environment(installed: Path) -> None:
    assert "No broken requirements" in _run(installed / "pip", "check")


def test_the_extension_has_the_version_of_the_package() -> None:
    package = json.loads((ROOT / "extension" / "package.json").read_text(encoding="utf-8"))
    assert package["version"] == _version()


def test_the_lock_file_holds_no_addresses() -> None:
    assert "://" not in (ROOT / "extension" / "yarn.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "extension" / "src").iterdir()), ids=lambda p: p.name
)
def test_the_typescript_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bany\b[\[\]]*\s*[;,)=>]|<any>|as any|console\.|@ts-", text)
    assert len(text.splitlines()) <= 400


def test_only_one_file_talks_to_the_server() -> None:
    sources = (ROOT / "extension" / "src").iterdir()
    talking = {p.name for p in sources if "makeRequest" in p.read_text(encoding="utf-8")}
    assert talking == {"server.ts"}


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _run(*command: object, where: Path | None = None) -> str:
    """What the command says, colours taken away; the test fails with it if the command does."""
    environment = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PROML_WORKSPACE")
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=where,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
