"""Promotion from end to end, and every way in which it ends badly."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.errors import (
    NameNotAllowedError,
    NotebookError,
    ParameterError,
    RegistryError,
    RunError,
    WorkspaceError,
)
from proml_lab.promote import artifacts, promote
from tests.promote.conftest import FIT, IMPORTS, LIGHT, Promoted, Write, make_workspace

SCRIPT = """
import sys
from proml_lab.errors import ProMLError
from proml_lab.promote import promote
try:
    promote(sys.argv[1], "tiny", workspace=sys.argv[2], progress=lambda p, w: print(w, flush=True))
except (ProMLError, KeyboardInterrupt) as error:
    print(type(error).__name__, error, flush=True)
"""


def files(folder: Path) -> dict[str, bytes]:
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {name: path.read_bytes() for name, path in sorted(found.items())}


def test_versions_are_numbered_and_laid_out_as_designed(promoted: Promoted) -> None:
    assert [a.key for a in promoted.artifacts] == ["visits@1", "visits@2", "visits@3"]
    last = promoted.artifacts[2]
    assert last.path == promoted.workspace / ".proml" / "artifacts" / "visits" / "3"
    there = {name for name in files(last.path) if "/wheels/" not in name}
    assert there == {
        *("ro-crate-metadata.json", "signature", "signature.pub"),
        *("manifest.json", "spec.proml.yaml", "data/shop.visits.json", "data/index.json"),
        *("notebook/source.ipynb", "notebook/executed.ipynb", "notebook/report.html"),
        "notebook/cells.json",
        *("environment/pylock.toml", "environment/platform.json", "environment/requirements.txt"),
        "code/modules.json",
        *("model/requirements.txt", "model/constraints.txt", "model/python_env.yaml"),
        *("model/example/rows.parquet", "model/example/scores.parquet"),
        *("model/input_example.json", "model/serving_input_example.json"),
        *("model/MLmodel", "model/model.json", "model/spec.proml.yaml"),
        *("model/predictor/features.json", "model/predictor/trees.txt"),
        *("reports/metrics.json", "reports/card.md", "reports/held_out.parquet"),
        "reports/groups.json",
        *(f"reports/comparison.{kind}" for kind in ("json", "html", "svg")),
        *(f"reports/drivers.{kind}" for kind in ("json", "html", "svg")),
    }
    assert not any((promoted.workspace / ".proml" / "runs").iterdir())


def test_the_manifest_says_what_it_is_and_every_file(promoted: Promoted) -> None:
    last = promoted.artifacts[2]
    manifest = last.manifest
    assert manifest.parameters == {"n_rows": 400, "depth": 3}
    assert manifest.notebook == "work/visits.ipynb"
    assert manifest.previous == "visits@2"
    assert promoted.artifacts[0].manifest.previous is None
    assert [entry.model_dump() for entry in manifest.inputs] == [
        {"view": "shop.visits", "fingerprint": "f" * 32, "n_rows": 400}
    ]
    assert manifest.model["learner"] == "trees"
    assert manifest.reports == {"comparison": "Comparison", "drivers": "Explanation"}
    assert set(manifest.files) == set(files(last.path)) - {"manifest.json", "signature"}


def test_the_same_inputs_give_the_same_bytes(promoted: Promoted) -> None:
    one, two, three = (files(artifact.path) for artifact in promoted.artifacts)
    assert one.keys() == two.keys()
    differing = {name for name in one if one[name] != two[name]}
    assert differing == set(promoted.artifacts[0].manifest.volatile)
    assert one["model/predictor/trees.txt"] != three["model/predictor/trees.txt"]


def test_a_fresh_process_gives_the_same_scores_bit_for_bit(promoted: Promoted) -> None:
    code = (
        "import sys, numpy as np, polars as pl; from proml_lab.promote import load_artifact; "
        "a = load_artifact('visits@3', workspace=sys.argv[1]); "
        "np.save(sys.argv[2], a.predict(pl.read_parquet(sys.argv[1] + '/frame.parquet'))); "
        "assert not {'mlflow', 'papermill'} & set(sys.modules), 'scoring needs neither'"
    )
    again = promoted.workspace / "again.npy"
    subprocess.run([sys.executable, "-c", code, promoted.workspace, again], check=True)
    scores = np.load(promoted.workspace / "scores.npy")
    assert np.load(again).tobytes() == scores.tobytes()
    assert len(np.unique(scores)) > 20


def test_metrics_are_those_of_the_declared_model(promoted: Promoted) -> None:
    board = json.loads((promoted.artifacts[2].path / "reports/comparison.json").read_text())
    wanted = {m["metric"]: m["value"] for m in board["metrics"] if m["model"] == "trees"}
    metrics = promoted.artifacts[2].metrics
    assert dict(metrics.select("metric", "value").iter_rows()) == wanted
    assert metrics.filter(pl.col("metric") == "auc")["direction"][0] == "higher"


def test_mlflow_knows_version_parameters_and_metrics(promoted: Promoted) -> None:
    from mlflow import MlflowClient

    address = f"sqlite:///{promoted.workspace / '.proml' / 'registry.db'}"
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    version = client.get_model_version("visits", "3")
    assert version.source == (promoted.artifacts[2].path / "model").as_uri()
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"n_rows": "400", "depth": "3"}
    auc = promoted.artifacts[2].metrics.filter(pl.col("metric") == "auc").row(0, named=True)
    assert run.data.metrics["auc"] == auc["value"]
    assert run.data.metrics["auc.low"] == auc["low"]


def test_progress_is_told_cell_by_cell_and_only_grows(promoted: Promoted) -> None:
    last = [words for _, words in promoted.steps].index("visits@1")
    steps = promoted.steps[: last + 1]
    parts = [part for part, _ in steps]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    words = [words for _, words in steps]
    assert words[0].startswith("cell 2 of 6: n_rows: int")
    assert "freezing environment, data and code" in words
    assert words[-1] == "visits@1"


def test_nothing_is_left_of_the_environment(promoted: Promoted) -> None:
    assert "PROML_OUTPUTS" not in os.environ
    assert "PROML_WORKSPACE" not in os.environ


def test_an_artifact_that_the_notebook_reads_is_its_parent(
    promoted: Promoted, workspace: Path, write: Write
) -> None:
    read = f"""
from proml_lab.promote import load_artifact, record
base = load_artifact("visits@1", {str(promoted.workspace)!r})
record({{"model": base.model, "rows": 3}})
"""
    made = promote(write(read), "child", workspace=workspace)
    assert made.manifest.parents == ("visits@1",)
    assert made.metrics.select("metric", "value").rows() == [("rows", 3.0)]


def test_a_failing_cell_registers_nothing_and_is_shown(workspace: Path, write: Write) -> None:
    path = write("x = 1", "# divide\ny = x / 0\nz = 2")
    with pytest.raises(RunError) as caught:
        promote(path, "bad", workspace=workspace)
    text = str(caught.value)
    assert "some.ipynb failed in cell 4 of 4, line 2: ZeroDivisionError: division by zero" in text
    assert "->   2 | y = x / 0" in text
    (kept,) = (workspace / ".proml" / "runs").iterdir()
    assert str(kept / "executed.ipynb") in caught.value.hint
    assert "ZeroDivisionError" in (kept / "executed.ipynb").read_text()
    assert not len(artifacts(workspace=workspace))


def test_a_notebook_without_a_model_is_refused(workspace: Path, write: Write) -> None:
    with pytest.raises(RunError, match=r"declared no model[^$]*%proml output model=NAME"):
        promote(write("1 + 1"), "bad", workspace=workspace)


def test_metrics_of_other_models_alone_are_refused(workspace: Path, write: Write) -> None:
    compared = """
from proml_lab.evaluate import compare
models = [fit(spec.but(seed=seed), data) for seed in (7, 7)]
record({"metrics": compare(*models, names=["one", "two"], resamples=0, metrics=["brier"])})
record({"model": fit(spec.but(learner="baseline"), data)})
"""
    path = write(IMPORTS, FIT, compared, parameters="n_rows = 400\ndepth = 2")
    with pytest.raises(RunError, match=r"which of the models in 'comparison' it promotes"):
        promote(path, "bad", workspace=workspace)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"n_row": 1}, r"no parameter 'n_row'.\nHint: did you mean 'n_rows'\?"),
        ({"n_rows": "many"}, r"Parameter 'n_rows' is 'many', not an int."),
        ({"n_rows": 0.5, "depht": 1}, r"'n_rows' is 0.5(.|\n)*no parameter 'depht'"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_runs(
    workspace: Path, write: Write, values: dict[str, object], said: str
) -> None:
    path = write("raise SystemExit(3)", parameters="n_rows: int = 400\ndepth = 3")
    with pytest.raises(ParameterError, match=said):
        promote(path, "bad", values, workspace=workspace)
    assert not (workspace / ".proml").exists()


def test_what_cannot_begin_leaves_nothing(workspace: Path, write: Write, tmp_path: Path) -> None:
    path = write("1")
    with pytest.raises(NameNotAllowedError, match="artifact name 'Bad name' is not allowed"):
        promote(path, "Bad name", workspace=workspace)
    with pytest.raises(NotebookError, match="no cell tagged 'parameters'"):
        promote(write("1", name="bare.ipynb", parameters=None), "bad", workspace=workspace)
    with pytest.raises(WorkspaceError, match="No workspace in"):
        promote(path, "bad", workspace=tmp_path)
    (workspace / ".proml").mkdir()
    (workspace / ".proml" / "registry.db").write_text("not a registry, but long enough " * 9)
    with pytest.raises(RegistryError, match="cannot be used: file is not a database"):
        promote(path, "bad", workspace=workspace)
    assert not (workspace / ".proml" / "runs").exists()


def test_a_registry_that_is_lost_meanwhile(workspace: Path, write: Write) -> None:
    spoil = """
import os, time
while not os.path.exists(".proml/registry.db"):
    time.sleep(0.1)
with open(".proml/registry.db", "r+b") as file:
    file.write(b"nothing of SQLite's" * 99)
"""
    with pytest.raises(RegistryError, match="cannot be used: file is not a database") as caught:
        promote(write(LIGHT, spoil), "lost", workspace=workspace)
    (run,) = (workspace / ".proml" / "runs").iterdir()
    assert caught.value.hint.endswith(f"; nothing was registered; the run is kept in {run}.")
    assert caught.value.__cause__ is None


def test_a_run_folder_that_cannot_be_made(workspace: Path, write: Write) -> None:
    (workspace / ".proml").mkdir()
    (workspace / ".proml" / "runs").write_text("a file is in the way")
    with pytest.raises(RunError, match="cannot be made: Not a directory"):
        promote(write("1"), "bad", workspace=workspace)


def test_a_real_interrupt_ends_the_kernel_and_keeps_the_run(workspace: Path, write: Write) -> None:
    path = write("import os; print('pid', os.getpid())", "import time; time.sleep(600)")
    command = [sys.executable, "-c", SCRIPT, path, workspace]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "time.sleep" in line:
            process.send_signal(signal.SIGINT)
            break
    said, _ = process.communicate(timeout=60)
    assert "KeyboardInterrupt some.ipynb was stopped in cell 4 of 4" in said
    (kept,) = (workspace / ".proml" / "runs").iterdir()
    executed = json.loads((kept / "executed.ipynb").read_text())
    pid = int("".join(executed["cells"][2]["outputs"][0]["text"]).split()[1])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not len(artifacts(workspace=workspace))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB where this machine lets us make one, else a folder."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]
    mounted = (
        shutil.which("mount") is not None
        and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    )
    yield folder
    if mounted:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("left", [0, 16_384])
def test_a_full_disk_registers_nothing(small_disk: Path, write: Write, left: int) -> None:
    """On a tiny disk; where none can be mounted, the size of the files is limited instead."""
    workspace = make_workspace(small_disk / "workspace")
    mounted = os.path.ismount(small_disk)
    fill = f"""
import os
free = os.statvfs(".").f_bavail * os.statvfs(".").f_frsize - {left}
while free > 0 and {mounted}:
    with open("big", "ab", buffering=0) as file:
        free -= file.write(bytes(min(free, 1 << 20)))
"""
    path = write(LIGHT, fill)
    target = shutil.copy(path, workspace / "some.ipynb")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2**15, 2**15))\n"
    command = [sys.executable, "-c", SCRIPT if mounted else limit + SCRIPT, target, workspace]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Error" in said
    assert "nothing was registered" in said
    (workspace / "big").unlink(missing_ok=True)
    assert not list((workspace / ".proml" / "artifacts").glob("*/*/manifest.json"))
    assert not len(artifacts(workspace=workspace))
    assert promote(write(LIGHT), "tiny", workspace=workspace).version == 1
