"""The registry as a real MLflow server, which is also killed in the middle of a promotion."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from proml_lab.errors import RegistryError, UnknownNameError
from proml_lab.promote import alias, artifacts
from proml_lab.promote.bundle import digest
from proml_lab.promote.registry import Record, Registry
from proml_lab.promote.trust import export_artifact, import_artifact, verify
from tests.promote.conftest import make_workspace
from tests.promote.registry.test_registry import bundle
from tests.promote.trust.conftest import make_shop

RECORD = Record("some", {"n": 1}, {"auc": 0.7}, {"proml.notebook": "a.ipynb"})


class Server:
    """``mlflow server`` on a port of its own, with its files in `folder`."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        options = {
            "--host": "127.0.0.1",
            "--port": str(self.port),
            "--workers": "1",
            "--backend-store-uri": f"sqlite:///{self.folder / 'server.db'}",
            "--artifacts-destination": str(self.folder / "kept"),
        }
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mlflow",
                "server",
                *(w for pair in options.items() for w in pair),
            ],
            env={**os.environ, **quiet},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,
        )
        for _ in range(1200):
            try:
                with urllib.request.urlopen(f"{self.address}/health", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None, "the server ended"
                time.sleep(0.1)
        raise AssertionError("the server does not start")

    def kill(self) -> None:
        """kill -9, of its workers too."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the artifact ``shop@1``, elsewhere registered."""
    return make_shop(tmp_path_factory.mktemp("shop") / "workspace")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    made.start()
    yield made
    made.kill()


def reserved(found: Registry, act: Callable[[], None] | None = None) -> int:
    """Register a version; `act` once it has its number, before its bundle is in place."""
    with found.reserve(RECORD) as version:
        if act is not None:
            act()
        bundle(found, version)
    return version


def test_versions_aliases_and_bundles_are_on_the_server(server: Server, tmp_path: Path) -> None:
    found = Registry(server.address, tmp_path / "here" / "artifacts")
    found.probe(writing=True)
    assert not found.is_new
    first, second = reserved(found), reserved(found)
    assert second == first + 1
    assert found.alias("some", "champion", first) is None
    assert found.alias("some", "champion", second) == first
    assert found.rollback("some", "champion") == (second, first)
    seen = Registry(server.address, tmp_path / "elsewhere" / "artifacts").versions("some")
    assert [v.version for v in seen if v.aliases == ("champion",)] == [first]
    manifest = found.place("some", second) / "manifest.json"
    assert {v.version: v.manifest for v in seen}[second] == digest(manifest)
    client = found.connection.client
    made = client.get_model_version("some", str(second))
    run = client.get_run(made.run_id)
    assert made.source == f"runs:/{made.run_id}/model"
    assert run.info.status == "FINISHED"
    assert (run.data.params, run.data.metrics) == ({"n": "1"}, {"auc": 0.7})
    copied = client.download_artifacts(made.run_id, "manifest.json", str(tmp_path))
    assert Path(copied).read_bytes() == manifest.read_bytes()


def test_an_import_is_registered_and_sent_to_the_server(
    server: Server, tmp_path: Path, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = export_artifact("shop@1", tmp_path / "shop.proml", workspace=shop).path
    here = make_workspace(tmp_path / "here")
    (here / "proml.toml").write_text(f'registry = "{server.address}"')
    assert import_artifact(file, workspace=here).is_new
    assert capsys.readouterr().out == ""
    assert not import_artifact(file, workspace=here).is_new
    alias("shop", "champion", 1, workspace=here)
    (row,) = artifacts("shop", workspace=here).frame().rows(named=True)
    assert (row["name"], row["version"], row["aliases"]) == ("shop", 1, "champion")
    assert verify("shop@champion", workspace=here)
    client = Registry(server.address, tmp_path).connection.client
    (version,) = client.search_model_versions("name='shop'")
    bare = make_workspace(tmp_path / "bare")
    (bare / "proml.toml").write_text(f'registry = "{server.address}"')
    with pytest.raises(UnknownNameError, match="No folder of 'shop' is in this workspace") as lost:
        verify("shop@1", workspace=bare)
    assert "registered are versions 1.\nHint: bring one here: 'proml export'" in str(lost.value)
    sent = client.download_artifacts(version.run_id, "manifest.json", str(tmp_path))
    there = here / ".proml" / "artifacts" / "shop" / "1" / "manifest.json"
    assert Path(sent).read_bytes() == there.read_bytes()


def test_workspaces_that_promote_at_once_lose_no_version(server: Server, tmp_path: Path) -> None:
    """The name is new to the server: all find it absent at the same moment."""
    record = replace(RECORD, name="together")

    def one(i: int) -> int:
        found = Registry(server.address, tmp_path / str(i))
        with found.reserve(record) as version:
            place = found.place("together", version)
            place.mkdir(parents=True)
            (place / "manifest.json").write_text(f"{{{version}}}")
        return version

    with ThreadPoolExecutor(4) as pool:
        got = sorted(pool.map(one, range(8)))
    after = [v.version for v in Registry(server.address, tmp_path / "0").versions("together")]
    assert after == got == list(range(1, 9))


def test_a_server_that_is_killed_is_told_in_one_line_and_mended(
    server: Server, tmp_path: Path
) -> None:
    found = Registry(server.address, tmp_path / "artifacts")
    before = [v.version for v in found.versions("some")]
    try:
        with pytest.raises(RegistryError) as caught:
            reserved(found, server.kill)
        assert str(caught.value).splitlines() == [
            f"The registry {server.address} cannot be used: it does not answer: "
            "Connection refused.",
            "Hint: start the MLflow server, or check 'registry' in the workspace's settings.",
        ]
        with pytest.raises(RegistryError, match="it does not answer: Connection refused"):
            Registry(server.address, found.artifacts).probe(writing=True)
    finally:
        server.start()
    assert [v.version for v in found.versions("some")] == before
    again = Registry(server.address, found.artifacts)
    new = reserved(again)
    assert [v.version for v in again.versions("some")] == [*before, new - 1, new]
    client = again.connection.client
    experiment = client.get_experiment_by_name("some")
    assert experiment is not None
    place = f"tags.`proml.workspace` = '{again.artifacts}'"
    runs = client.search_runs([experiment.experiment_id], place)
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len(runs) == 2


def test_bundles_of_a_former_registry_are_taken_in(server: Server, tmp_path: Path) -> None:
    """A workspace whose registry becomes a server: its next number is free here."""
    found = Registry(server.address, tmp_path / "artifacts")
    taken = max((v.version for v in found.versions("some")), default=0)
    place = bundle(found, taken + 1)
    assert reserved(found) == taken + 2
    kept = {v.version: v.manifest for v in found.versions("some")}
    assert kept[taken + 1] == digest(place / "manifest.json")


def test_an_address_without_a_server(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = Registry(f"http://127.0.0.1:{port}", tmp_path / "artifacts")
    with pytest.raises(RegistryError, match="does not answer"):
        found.probe(writing=True)
