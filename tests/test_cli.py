"""The command: every verb in this process, and the ends of the process itself."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from proml_lab import cli, load_artifact
from proml_lab.magics import verbs
from proml_lab.spec import ModelSpec
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
    assert out == (
        "from pathlib import Path\n\nfrom proml_lab import ModelSpec, fit\n\n"
        "model = fit(ModelSpec.read('delay.proml.yaml'))\nmodel.save(Path('gbm'))\n"
    )
    assert not (small / "gbm").exists()


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("spec delay.proml.yaml -o new/a.proml.yaml", "new/a.proml.yaml"),
        (
            "spec draft --from sources/flights.parquet --spine f --label late -o a.yaml",
            "a.yaml",
        ),
        ("dataset delay.proml.yaml -o new/a.parquet", "new/a.parquet"),
        ("fit delay.proml.yaml --set n_trees=3 --seed 4 -o new/a", "new/a/model.json"),
        ("compare delay.proml.yaml --metric auc -o a.csv", "a.csv"),
        ("explain delay.proml.yaml --kind bar -o a.parquet", "a.parquet"),
        ("features wind -o a.parquet", "a.parquet"),
        ("spec --schema -o a.json", "a.json"),
        ("browse -o a.parquet", "a.parquet"),
    ],
)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_code_makes_the_same_file(
    proml,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    made: str,
    elsewhere: bool,
) -> None:
    if elsewhere:
        work = tmp_path / "work"
        (work / "sources").mkdir(parents=True)
        for name in ("delay.proml.yaml", "sources/flights.parquet"):
            shutil.copy(small / name, work / name)
        monkeypatch.chdir(work)
        line += f" --workspace {small}"
    status, code, err = proml(f"{line} --code")
    assert (status, err) == (0, "")
    assert not Path(made).exists()
    run_python(code)
    by_code = Path(made).read_bytes()
    shutil.rmtree("new", ignore_errors=True)
    Path(made).unlink(missing_ok=True)
    assert proml(line)[0] == 0
    if made.endswith(".json"):  # which holds how long the fit took
        want, got = (json.loads(text) for text in (by_code, Path(made).read_bytes()))
        assert {**want, "fit_s": 0} == {**got, "fit_s": 0}
    elif made.endswith(".csv"):
        want, got = (pl.read_csv(text).drop("fit_s") for text in (by_code, Path(made)))
        assert want.equals(got)
    else:
        assert Path(made).read_bytes() == by_code


def test_the_code_of_a_promotion_makes_the_same_version(proml, small: Path) -> None:
    cells = [
        new_code_cell("n_trees: int = 20", metadata={"tags": ["parameters"]}),
        new_code_cell("%load_ext proml_lab"),
        new_code_cell("%proml fit gbm --spec delay.proml.yaml --set n_trees={{n_trees}}"),
        new_code_cell("%proml output model=gbm"),
    ]
    nbformat.write(new_notebook(cells=cells), small / "tour.ipynb")
    code = proml("promote tour.ipynb --name delay -p n_trees=5 --code")[1]
    run_python(code)
    assert load_artifact("delay@1").model.spec.learner.options["n_trees"] == 5
    assert "delay@1" in run_python(proml("artifacts delay@1 --code")[1])


def run_python(code: str) -> str:
    """What the value of the last line of `code` is, run as a program of its own."""
    last = ast.parse(code).body[-1]
    lines = code.splitlines()
    if isinstance(last, ast.Expr):
        lines[last.lineno - 1] = f"result = {lines[last.lineno - 1]}"
        lines.append("print(result)")
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("line", ["init x --code -o y", "promote a.ipynb --name a --code -o y"])
def test_what_has_no_form_as_a_file(proml, line: str) -> None:
    assert "cannot be kept in a file.\nHint: leave -o out." in proml(line)[2]


def test_the_code_of_an_output_on_the_command_line(proml) -> None:
    status, out, err = proml("output model=models/a --code")
    assert (status, out) == (2, "")
    assert "Outputs are declared in a notebook" in err


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


def test_an_interrupt_inside_compiled_code(proml, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> str:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise SystemError("returned a result with an exception set") from error

    monkeypatch.setattr(verbs, "overview", interrupted)
    assert proml("") == (130, "", "Interrupted.\n")


def test_the_schema_of_specs(proml, tmp_path: Path) -> None:
    want = ModelSpec.model_json_schema()
    for line in ("spec --schema", "spec --schema --json"):
        assert json.loads(proml(line)[1]) == want
    assert proml(f"spec --schema -o {tmp_path / 'a.json'}")[0] == 0
    assert json.loads((tmp_path / "a.json").read_text()) == want
    assert proml("spec a.yaml --schema")[2].startswith("proml: --schema stands alone.")


def test_a_wrong_kind_or_metric_is_told_before_anything_is_fitted(
    proml, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")  # where nothing could be fitted
    for line, said in (
        ("explain a.proml.yaml --kind pie", "There is no kind of picture 'pie'"),
        ("explain a.proml.yaml --kind bar --row 1", "A bar is of all rows"),
        ("explain a.proml.yaml --kind bar --feature x", "A bar is of all features"),
        (
            "compare a.proml.yaml --metric auk",
            "no metric 'auk'.\nHint: did you mean 'auc'",
        ),
    ):
        assert said in proml(line)[2]


def test_init_as_json(proml, tmp_path: Path) -> None:
    folder = tmp_path / "flights"
    made = json.loads(proml(f"init {folder} --json")[1])
    assert made == {"example": "flights", "folder": str(folder)}


@pytest.mark.parametrize("name", verbs.NAMES)
def test_examples_are_said_as_they_work_here(proml, name: str) -> None:
    _, _, examples = proml(f"{name} -h")[1].partition("examples")
    for line in examples.splitlines()[1:]:
        first, *rest = line.split()
        assert first == ("%proml" if name == "output" else "proml")
        if name != "output":
            verbs.parser(name, prog=verbs.COMMAND).parse(verbs.split(rest)[1])
            assert proml(" ".join([*rest, "--code"]))[0] == 0


def test_hints_are_said_in_words_of_the_command_line(proml, small: Path) -> None:
    status, _, err = proml("fit delay.proml.yaml --learner baseline -o m")
    assert (status, "Not kept" in err) == (0, False)
    said = proml("explain m")[2]
    assert "explain(model" not in said
    assert "--on FILE.parquet" in said
    assert "%" not in proml("compare sources/flights.parquet")[2]
    assert "%proml output" in proml("output model=m")[2]
    assert "proml promote NOTEBOOK" in proml("artifacts")[1]
    assert "%" not in proml("artifacts")[1]
    err = proml("fit delay.proml.yaml --learner baseline")[2]
    assert err.endswith("Not kept: add -o FOLDER to keep the model.\n")


def test_an_error_that_is_not_ours_keeps_its_traceback(
    proml, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(verbs, "overview", broken)
    with pytest.raises(ZeroDivisionError):
        proml("")


def test_a_base_install_says_what_more_it_needs(
    proml, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    made = small / "artifact"
    made.mkdir()
    (made / "manifest.json").write_text("{}")
    (small / "a.pub").write_text("-----BEGIN PUBLIC KEY-----")
    status, _, err = proml(f"verify {made} --key a.pub")
    assert status == 1
    assert err == (
        "proml: The package cryptography is not installed.\n"
        "Hint: run: pip install 'proml-lab[train]'\n"
    )


def test_a_verb_may_say_what_the_command_ends_with(proml, monkeypatch: pytest.MonkeyPatch) -> None:
    verb = verbs.load("features")
    monkeypatch.setattr(verb, "run", lambda args, context: 3)
    assert proml("features") == (0, "3\n", "")
    monkeypatch.setattr(verb, "status", lambda value: int(value > 2), raising=False)
    assert proml("features") == (1, "3\n", "")
    assert proml("features --json") == (1, "3\n", "")


def test_the_process_ends_with_the_status() -> None:
    command = [sys.executable, "-m", "proml_lab", "fitt"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("proml: There is no verb 'fitt'.")


def test_a_reader_that_has_seen_enough() -> None:
    line = f"{sys.executable} -m proml_lab help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")
