"""From the command line: a notebook becomes a version, and then the next."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from proml_lab import cli, load_artifact
from proml_lab.magics.context import Context
from proml_lab.magics.keep import read_dataset
from proml_lab.magics.progress import Step
from tests.magics.conftest import Kernel
from tests.promote.conftest import LIGHT

CELLS = (
    "%load_ext proml_lab",
    "%proml browse wind -o shop",
    "%proml spec delay.proml.yaml -o spec",
    "%proml dataset spec -o train",
    "%proml fit gbm --spec spec --on train --set n_trees={{n_trees}}",
    "%proml fit rate --spec spec --on train --learner baseline",
    "%proml compare gbm rate -o board",
    "%proml explain gbm -o why",
    "scores = gbm.predict(gbm.test)",
    "%proml output model=gbm metrics=board explanation=why",
)


@pytest.fixture
def notebook(small: Path) -> Path:
    """A notebook in the small workspace, with one parameter."""
    first = new_code_cell("n_trees: int = 20", metadata={"tags": ["parameters"]})
    node = new_notebook(cells=[first, *map(new_code_cell, CELLS)])
    path = small / "tour.ipynb"
    nbformat.write(node, path)
    return path


def promote(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = cli.main(["promote", "tour.ipynb", "--name", "delay", *line.split()])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_notebook_becomes_a_version_and_then_the_next(
    notebook: Path, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = promote("", capsys)
    assert status == 0
    head, gbm, rate, *rest = out.splitlines()
    assert head.split() == ["model", "auc", "log_loss", "rows", "time"]
    assert gbm.startswith("gbm ")
    assert rate.startswith("rate ")
    assert "201" in gbm
    assert any(line.startswith("delay@1  ") for line in rest)
    report = next(line for line in rest if line.startswith("Open the report:"))
    assert Path(report.split(maxsplit=3)[3]).is_file()
    assert rest[-2].startswith("Go on in JupyterLab: jupyter lab")
    assert rest[-1] == "All artifacts:       proml artifacts"
    assert "differ" not in out

    status, out, _ = promote("", capsys)
    assert "delay@2 and delay@1 differ in nothing but time." in out

    facts = json.loads(_said(capsys, "artifacts delay@2 --json"))
    assert (facts["name"], facts["version"], facts["parameters"]) == ("delay", 2, {"n_trees": 20})
    assert {row["metric"] for row in facts["metrics"]} == {"auc", "log_loss"}
    assert [row["version"] for row in json.loads(_said(capsys, "artifacts --json"))] == [2, 1]

    _said(capsys, "dataset delay.proml.yaml -o train.parquet")
    train = read_dataset("train.parquet").frame
    want = load_artifact("delay@1").predict(train)
    assert Context().model("delay@1").predict(train).tobytes() == want.tobytes()
    assert "delay@1" in _said(capsys, "compare delay@1 --on train.parquet")

    kept = small / ".proml/artifacts/delay/2/notebook/executed.ipynb"
    executed = nbformat.read(kept, as_version=4)
    shown = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert not [o for o in shown if o.output_type == "stream"]
    assert not any("application/vnd.jupyter.widget-view+json" in o.get("data", {}) for o in shown)


def _said(capsys: pytest.CaptureFixture[str], line: str) -> str:
    assert cli.main(line.split()) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("-p trees=9", "has no parameter 'trees'.\nHint: did you mean 'n_trees'?"),
        ("-p n_trees=many", "Parameter 'n_trees' is 'many', not an int"),
    ],
)
def test_parameters_are_checked_before_anything_runs(
    notebook: Path, options: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = promote(options, capsys)
    assert (status, out) == (1, "")
    assert said in err


def test_help_shows_the_parameters_of_the_notebook_that_is_named(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "n: Annotated[int, Ge(1), Le(9)] = 4  # how many\nwho: Literal['a', 'b']"
    first = new_code_cell(source, metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[first]), small / "some.ipynb")
    for line in ("promote --help some.ipynb", "promote some.ipynb --name x -h"):
        rows = [row.split() for row in _said(capsys, line).splitlines()]
        assert ["n", "int", "1", "to", "9", "4", "how", "many"] in rows
        assert ["who", "str", "one", "of", "a,", "b", "required"] in rows
        assert "parameters of some.ipynb" in _said(capsys, line)
    first.source = ""
    nbformat.write(new_notebook(cells=[first]), small / "none.ipynb")
    assert "none.ipynb has no parameters." in _said(capsys, "promote --help none.ipynb")
    assert cli.main(["promote", "--help", "no.ipynb"]) == 1
    assert "no notebook 'no.ipynb'" in capsys.readouterr().err


def test_values_come_from_files_and_from_the_line(
    notebook: Path, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small / "p.yaml").write_text("n_trees: 5.5\nseed: 1\n")
    status, out, err = promote("-f p.yaml -p name=x", capsys)
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        "proml: p.yaml:1: Parameter 'n_trees' is 5.5, not an int (such as n_trees=20).",
        "p.yaml:2: tour.ipynb has no parameter 'seed' (choose one of n_trees).",
        "tour.ipynb has no parameter 'name' (choose one of n_trees).",
    ]
    (small / "p.yaml").write_text("seed: 2013-13-40\n")
    status, out, err = promote("-f p.yaml -f no.yaml -p n_trees -p name", capsys)
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        "proml: no.yaml: there is no such file (check the path).",
        "p.yaml:1: tour.ipynb has no parameter 'seed' (choose one of n_trees).",
        "-p n_trees has no value (write -p n_trees=VALUE).",
        "tour.ipynb has no parameter 'name' (choose one of n_trees).",
    ]
    assert "-p n_trees stands twice: 5 and 6." in promote("-p n_trees=5 -p n_trees=6", capsys)[2]
    (small / "p.yaml").write_text("n_trees: 3\n")
    assert "-p n_trees has no value." in promote("-p n_trees --code", capsys)[2]
    assert promote("-f p.yaml -p n_trees=3 --code", capsys)[1].splitlines()[-1] == (
        "promote('tour.ipynb', 'delay', "
        "read_values('tour.ipynb', {'n_trees': '3'}, read_files(['p.yaml'])))"
    )


@pytest.mark.parametrize(
    ("options", "ending", "said"),
    [
        ("--jobs 2", 2, "--jobs is for a sweep"),
        ("-p n_trees=1,2 --sweep --jobs no", 2, "'no' is no number of promotions"),
        ("-p n_trees=1 --sweep", 2, "nothing to sweep over"),
        (
            "-p n_trees=1,x,2.5 --sweep",
            1,
            "such as n_trees=20).\nParameter 'n_trees' is '2.5', not",
        ),
        ("-p n_trees=1,2", 1, "not an int.\nHint: add --sweep to promote once for each"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_at_once(
    notebook: Path, options: str, ending: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = promote(options, capsys)
    assert (status, out) == (ending, "")
    assert said in err


def test_a_sweep_ends_with_a_table_and_with_1_if_any_failed(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = new_code_cell("n: int = 1", metadata={"tags": ["parameters"]})
    stop = new_code_cell("if n == 2: raise ValueError('no')")
    node = new_notebook(cells=[first, stop, new_code_cell(LIGHT)])
    nbformat.write(node, small / "tour.ipynb")
    status, out, _ = promote("-p n=1,2 --sweep --jobs 2", capsys)
    assert status == 1
    head, good, bad, why, *_, last = out.splitlines()
    assert head.split() == ["n", "artifact", "state", "metrics", "seconds"]
    assert good.split()[:5] == ["1", "delay@1", "registered", "accuracy", "0.5"]
    assert bad.split()[:4] == ["2", "–", "failed", "–"]
    assert why.startswith("n=2: ")
    assert "ValueError: no" in why
    assert last.startswith("1 of 2 versions of 'delay' registered in")
    assert promote("-p n=1,2 --sweep --jobs 2 --code", capsys)[1].splitlines() == [
        "from proml_lab.promote import read_grid",
        "from proml_lab.promote import sweep",
        "",
        "sweep('tour.ipynb', 'delay', read_grid('tour.ipynb', {'n': '1,2'}), jobs=2)",
    ]


def test_promote_in_a_notebook_returns_the_artifact(kernel: Kernel) -> None:
    cells = [f"new_code_cell({source!r})" for source in CELLS]
    made = kernel.run(
        "import nbformat\n"
        "from nbformat.v4 import new_code_cell, new_notebook\n"
        "first = new_code_cell('n_trees = 20', metadata={'tags': ['parameters']})\n"
        f"nbformat.write(new_notebook(cells=[first, {', '.join(cells)}]), 'tour.ipynb')\n"
    )
    assert not made.error, made.error
    reply = kernel.run("%proml promote tour.ipynb --name delay -p n_trees=5 -o art")
    assert not reply.error, reply.error
    assert "delay@1" in reply.plain
    assert kernel.run("art.key, art.parameters['n_trees']").plain == "('delay@1', 5)"
    assert kernel.complete("%proml artifacts de") == [
        "%proml artifacts delay",
        "%proml artifacts delay@1",
    ]
    shown = kernel.run("found = %proml artifacts delay@1\nfound.model.spec.name").plain
    assert shown == "'delay'"


def test_progress_is_told_in_plain_lines() -> None:
    assert str(Step("delay", "cell 3 of 9", 1 / 3, 4.0)).startswith("delay: 33% · cell 3 of 9")


def test_from_elsewhere_the_next_command_names_the_workspace(
    notebook: Path, small: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(small.parent)
    words = ["promote", str(notebook), "--name", "delay", "--workspace", small.name]
    assert cli.main(words) == 0
    assert capsys.readouterr().out.endswith(f"proml artifacts --workspace {small.name}\n")


@pytest.mark.parametrize("text", ["0", "-1", "soon", "inf", "nan"])
def test_a_limit_that_is_no_number_of_seconds(
    notebook: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    status, _, err = promote(f"--cell-timeout={text}", capsys)
    assert status != 0
    assert f"'{text}' is not a number of seconds." in err


def test_a_run_that_was_cut_off_is_named_once(
    notebook: Path, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep = small / ".proml" / "runs" / "one"
    keep.mkdir(parents=True)
    node = nbformat.read(notebook, as_version=4)
    nbformat.write(node, keep / "prepared.ipynb")
    (keep / "running.ipynb").write_text('{"cells":[\n')
    (keep / "running.lock").touch()
    node.cells = [*node.cells[:1], new_code_cell("not_there")]
    nbformat.write(node, notebook)
    said = (
        f"The run one was cut off before its first cell; what it did is in {keep}/executed.ipynb\n"
    )
    assert promote("", capsys)[2].startswith(said)
    assert "cut off" not in promote("", capsys)[2]
    assert nbformat.read(keep / "executed.ipynb", as_version=4).cells[3].source == CELLS[2]


def test_limits_are_in_the_code(notebook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = promote("--code --timeout 600", capsys)
    assert "timeout=600.0)" in out
