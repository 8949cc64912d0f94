"""The command: every verb in this process, and the ends of the process itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proml_lab import cli
from proml_lab.magics import verbs
from tests.magics.conftest import make_small


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh small workspace, which is the current folder."""
    monkeypatch.delenv("PROML_WORKSPACE", raising=False)
    folder = make_small(tmp_path / "small")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def proml(capsys: pytest.CaptureFixture[str]):
    def run(line: str) -> tuple[int, str, str]:
        status = cli.main(line.split())
        out, err = capsys.readouterr()
        return status, out, err

    return run


def test_nothing_and_help_list_the_verbs(proml) -> None:
    for line in ("", "help", "--help", "-h"):
        status, out, err = proml(line)
        assert (status, err) == (0, "")
        assert [verb for verb in verbs.NAMES if f"  {verb} " in out] == list(verbs.NAMES)


@pytest.mark.parametrize("verb", verbs.NAMES)
def test_every_verb_has_help_and_json(proml, verb: str) -> None:
    status, out, _ = proml(f"{verb} --help")
    assert status == 0
    assert f"usage: proml {verb}" in out
    assert "--json" in out
    assert proml(f"help {verb}") == (0, out, "")


def test_version(proml) -> None:
    from proml_lab import __version__

    assert proml("--version") == (0, f"proml {__version__}\n", "")


def test_features(proml, small: Path) -> None:
    status, out, err = proml("features wind")
    assert (status, err) == (0, "")
    assert "weather.hourly.wind" in out
    rows = json.loads(proml("features wind --json")[1])
    assert (rows[0]["view"], rows[0]["feature"]) == ("weather.hourly", "wind")


def test_browse_is_a_table_here(proml, small: Path) -> None:
    assert "fleet.planes.seats" in proml("browse")[1]


def test_a_workspace_elsewhere(
    proml, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert proml("features wind")[0] == 1
    assert proml(f"features wind --workspace {small}")[0] == 0
    monkeypatch.setenv("PROML_WORKSPACE", str(small))
    assert proml("features wind")[0] == 0


def test_spec_dataset_fit_and_what_follows(proml, small: Path) -> None:
    spec = json.loads(proml("spec delay.proml.yaml --json")[1])
    assert spec["name"] == "delay"

    data = json.loads(proml("dataset delay.proml.yaml -o train.parquet --json")[1])
    assert (data["n_rows"], data["label"]) == (800, "late")

    model = json.loads(proml("fit delay.proml.yaml --on train.parquet -o models/gbm --json")[1])
    assert (model["learner"], model["n_rows"]) == ("trees", 599)
    assert (small / "models" / "gbm" / "model.json").is_file()
    assert proml("fit delay.proml.yaml --learner linear -o models/linear")[0] == 0

    line = "compare models/gbm models/linear --on train.parquet"
    board = json.loads(proml(f"{line} --json")[1])
    assert {row["model"] for row in board} == {"gbm", "linear"}
    assert "log_loss" in proml(line)[1]

    why = json.loads(proml("explain models/gbm --on train.parquet --json")[1])
    assert {row["feature"] for row in why} == {"temp", "wind", "seats"}
    row = json.loads(proml("explain models/gbm --on train.parquet --row 0 --json")[1])
    assert {row["feature"] for row in why} == {one["feature"] for one in row}
    assert proml("explain models/gbm --on train.parquet -o why.csv")[0] == 0
    assert (small / "why.csv").read_text().startswith("feature,")


def test_specs_are_fitted_where_models_are_asked_for(proml, small: Path) -> None:
    text = (small / "delay.proml.yaml").read_text()
    other = text.replace("learner: {trees: {n_trees: 20, num_leaves: 7}}", "learner: linear")
    (small / "other.proml.yaml").write_text(other)
    board = json.loads(proml("compare delay.proml.yaml other.proml.yaml --json")[1])
    assert {row["model"] for row in board} == {"delay", "other"}


def test_a_dataset_from_its_parts(proml, small: Path) -> None:
    line = "dataset --spine flights --features weather.hourly.wind --entities origin"
    data = json.loads(proml(f"{line} --cutoff cutoff --label late --json")[1])
    assert "wind" in {column["column"] for column in data["columns"]}


def test_code_is_printed_and_nothing_is_done(proml, small: Path) -> None:
    status, out, _ = proml("fit delay.proml.yaml -o gbm --code")
    assert status == 0
    assert out.endswith("fit(ModelSpec.read('delay.proml.yaml'))\n")
    assert not (small / "gbm").exists()


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("fitt", 2, "proml: There is no verb 'fitt'.\nHint: did you mean 'fit'?\n"),
        ("help fitt", 2, "There is no verb 'fitt'"),
        ("features --onwer x", 2, "There is no option '--onwer'.\nHint: did you mean '--owner'?"),
        (
            "fit",
            2,
            "proml: The following arguments are required: NAME.\nHint: usage: proml fit NAME",
        ),
        ("fit nothing.proml.yaml", 1, "There is no file 'nothing.proml.yaml'"),
        ("fit delay", 1, "There is no file, model folder or artifact 'delay'"),
        ("fit delay.proml.yaml --learner tree", 1, "There is no learner 'tree'"),
        ("fit delay.proml.yaml -o features", 2, "'features' is there already"),
        ("features --owner met-ofice", 1, "did you mean 'met-office'?"),
        ("compare sources/flights.parquet", 2, "is a Dataset, not a model"),
        ("explain proml.toml", 2, "is neither a spec, a dataset nor a model"),
        ("output model=gbm", 2, "Outputs are declared in a notebook"),
        ("artifacts delay@1", 1, "There is no artifact 'delay'"),
        ("promote nothing.ipynb --name delay", 1, "nothing.ipynb"),
        ("promote nothing.ipynb", 2, "required: --name"),
        ("init --example flight", 1, "There is no example 'flight'"),
        ("init --example flights .", 1, "is there already and not empty"),
        ("spec --label x", 2, "No spec was named"),
    ],
)
def test_errors_are_one_clear_line(proml, small: Path, line: str, status: int, said: str) -> None:
    got, out, err = proml(line)
    assert (got, out) == (status, "")
    assert said in err
    assert err.startswith("proml: ")


def test_an_error_as_json(proml, small: Path) -> None:
    status, out, err = proml("features --owner met-ofice --json")
    assert (status, out) == (1, "")
    assert json.loads(err)["error"] == {
        "kind": "UnknownNameError",
        "message": "There is no feature with the owner 'met-ofice'.",
        "hint": "did you mean 'met-office'?",
    }


def test_a_broken_view_names_file_and_line(proml, small: Path) -> None:
    view = small / "features" / "fleet.yaml"
    view.write_text(view.read_text().replace("type: integer", "type: intger"))
    status, _, err = proml("features")
    assert status == 1
    assert "fleet.yaml:8: features.seats.type: found 'intger'" in err


def test_an_interrupt(proml, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(verbs, "overview", interrupted)
    assert proml("") == (130, "", "Interrupted.\n")


def test_an_error_that_is_not_ours_keeps_its_traceback(
    proml, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(verbs, "overview", broken)
    with pytest.raises(ZeroDivisionError):
        proml("")


def test_the_process_ends_with_the_status() -> None:
    command = [sys.executable, "-m", "proml_lab", "fitt"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("proml: There is no verb 'fitt'.")


def test_a_reader_that_has_seen_enough() -> None:
    line = f"{sys.executable} -m proml_lab help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")
