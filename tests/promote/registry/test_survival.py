"""kill -9 at every step of registering, and a full disk: no version is half there."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proml_lab.promote.bundle import digest
from proml_lab.promote.registry import Registry
from tests.promote.registry.test_registry import RECORD, bundle, registry

STEPS = (
    "MlflowClient.search_registered_models",
    "MlflowClient.create_registered_model",
    "MlflowClient.create_experiment",
    "MlflowClient.create_run",
    "MlflowClient.log_param",
    "MlflowClient.log_metric",
    "MlflowClient.create_model_version",
    "bundle",
    "MlflowClient.set_terminated",
    "MlflowClient.set_model_version_tag",
)
"""What a promotion calls, in its order; `bundle` stands for moving the bundle to its place."""
SCRIPT = """
import os, signal, sys
from pathlib import Path
import mlflow, mlflow.store.model_registry.sqlalchemy_store  # once: the registry itself is
import mlflow.store.tracking.sqlalchemy_store  # opened in forked children only
from tests.promote.registry import test_survival as own

def forked(action):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        action()
        os._exit(0)
    except BaseException as error:
        print(repr(error), flush=True)
        os._exit(1)

def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def killed(step, moment):
    found = own.Registry(*where)
    own.whole(found)
    home = mlflow.MlflowClient if "." in step else own
    name = step.rpartition(".")[2]
    call = getattr(home, name)
    setattr(home, name, die if moment == "before" else lambda *a, **n: die(call(*a, **n)))
    own.register(found)

def whole():
    found = own.Registry(*where)
    before = own.whole(found)
    version = own.register(found)
    assert own.whole(found)[-1] == version > max(before, default=0)
    runs = found.connection.client.search_runs(["1"])
    assert {run.info.status for run in runs} == {"FINISHED"}, runs

for number, step in enumerate(own.STEPS):
    fresh = own.prepared(Path(sys.argv[1]) / str(number), Path(sys.argv[2]))
    where = fresh.address, fresh.artifacts
    for moment in ("before", "after"):
        print(step, moment, forked(lambda: killed(step, moment)), flush=True)
    print(step, "again", forked(whole), flush=True)
"""

TOGETHER = """
import os, sys
from pathlib import Path
import mlflow, mlflow.store.model_registry.sqlalchemy_store
import mlflow.store.tracking.sqlalchemy_store
from tests.promote.registry import test_survival as own

fresh = own.prepared(Path(sys.argv[1]), Path(sys.argv[2]))
where = fresh.address, fresh.artifacts
gate, opened = os.pipe()

def one():
    os.close(opened)
    os.read(gate, 1)  # ends when the parent opens the gate to all
    try:
        print(own.register(own.Registry(*where)), flush=True)
        os._exit(0)
    except BaseException as error:
        print(repr(error), flush=True)
        os._exit(1)

children = []
for _ in range(8):
    child = os.fork()
    if not child:
        one()
    children.append(child)
os.close(opened)
for child in children:
    os.waitpid(child, 0)
print(own.whole(own.Registry(*where)))
"""


def register(found: Registry) -> int:
    with found.reserve(RECORD) as version:
        bundle(found, version)
    return version


def prepared(folder: Path, tables: Path) -> Registry:
    """A registry with the `tables` and nothing in them."""
    found = registry(folder)
    found.probe(writing=True)
    assert found.file is not None
    shutil.copyfile(tables, found.file)
    return found


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry without a version: making its tables takes seconds."""
    found = registry(tmp_path_factory.mktemp("tables"))
    found.probe(writing=True)
    found.open()
    assert found.file is not None
    return found.file


def test_kill_9_before_and_after_every_step(tables: Path, tmp_path: Path) -> None:
    """Each time the registry opens, no version is half there, and the next promotion works."""
    command = [sys.executable, "-c", SCRIPT, tmp_path, tables]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    wanted = {"before": signal.SIGKILL, "after": signal.SIGKILL, "again": 0}
    assert ended.stdout.splitlines() == [
        f"{step} {moment} {int(status)}" for step in STEPS for moment, status in wanted.items()
    ]


def test_eight_processes_at_once_get_eight_versions(tables: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", TOGETHER, tmp_path, tables]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    *given, all_of_them = ended.stdout.splitlines()
    assert sorted(given) == list("12345678")
    assert all_of_them == "[1, 2, 3, 4, 5, 6, 7, 8]"


def whole(found: Registry) -> list[int]:
    """The versions, each with its very bundle in its place."""
    versions = found.versions("some")
    for version in versions:
        assert digest(found.place("some", version.version) / "manifest.json") == version.manifest
    return [version.version for version in versions]


def test_a_disk_that_is_full_when_it_registers(tables: Path, tmp_path: Path) -> None:
    """No file may grow: the registry's neither. One clear line, and the next one works."""
    found = prepared(tmp_path, tables)
    code = (
        "import os, resource, signal, sys; from pathlib import Path\n"
        "from proml_lab.errors import RegistryError\n"
        "from proml_lab.promote.registry import Registry\n"
        "from tests.promote.registry.test_survival import register\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "found = Registry(sys.argv[1], Path(sys.argv[2]))\n"
        "found.open()\n"
        "limit = 4096\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "try:\n"
        "    register(found)\n"
        "except RegistryError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", code, found.address, found.artifacts]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    assert said.stdout.startswith(f"The registry {found.file} cannot be used: ")
    assert len(said.stdout.splitlines()) == 2
    assert whole(found) == []
    assert register(found) >= 1
