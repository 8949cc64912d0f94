"""The manifest has the very values that the kernel had below the parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from proml_lab import cli
from proml_lab.promote import inspect, load_artifact
from proml_lab.promote.notebook import NotebookInfo, prepared
from proml_lab.promote.parameters import Value, read_files
from tests.promote.conftest import LIGHT, Write

CELL = """
import datetime as dt
from datetime import date
from typing import Annotated, Literal
from annotated_types import Ge
n: int = -3
big: int = 1_000_000
rate: float = 1
small: Annotated[float, Ge(0)] = 1e-3
who: str = "a" "\\n'é"
loud: bool = False
plain = 0.5
kind: Literal["a", "b"] = "a"
step: Literal[4, 6] = 4
days: list[int] = (1, 7)
pairs: tuple[tuple[int, str], ...] = ((1, "x"),)
shares: list[float] = [1, 0.5]
mixed: list = [1, (2, "b"), None, [date(2013, 1, 2)]]
start: date = date(2013, 11, 1)
end: dt.date | None = None
since: "date" = date.fromisoformat("2013-02-03")
dates: list[date] = [date(2013, 1, 1)]
limit: int | None = None
seed: int = 7
"""
SEEN = """
import json, os, pathlib
seen = {}
for name in "n big rate small who loud plain kind step days pairs shares mixed start end".split():
    seen[name] = globals()[name]
for name in "since dates limit seed".split():
    seen[name] = globals()[name]
def plain_of(value):
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(plain_of, value)]
    return [type(value).__name__, value.isoformat() if isinstance(value, date) else value]
text = json.dumps({name: plain_of(value) for name, value in seen.items()})
pathlib.Path(os.environ["PROML_WORKSPACE"], f"seen-{n}.json").write_text(text)
"""
GIVEN = {
    "n": "12", "big": "-5", "rate": "2", "small": "1e-9", "who": " a, 'b' ", "loud": "yes",
    "plain": "3", "kind": "b", "step": "6", "days": "[2, 3]", "pairs": "[[2, y], [3, z]]",
    "shares": "1, 2", "mixed": "[1, b, [2.5, null]]", "start": "2014-01-02", "end": "2015-01-02",
    "since": "2016-01-02", "dates": "2013-01-01, 2014-01-01", "limit": "5", "seed": "8",
}  # fmt: skip
FILED = """
n: 13
big: 20000000000000000000
rate: 3
small: 1e-7
who: "2013-01-01"
loud: true
plain: 4
kind: b
step: 6
days: [5]
pairs: [[2, y]]
shares: [1, 2]
mixed: [a, 1, [2013-01-02]]
start: 2014-01-02
end: null
since: "2016-01-02"
dates: [2013-01-01, "2014-01-01"]
limit: null
seed: 9
"""


def agree(told: Mapping[str, object], root: Path) -> Mapping[str, object]:
    """The manifest's values, which are those the kernel had, of the same types."""
    kernel = json.loads((root / f"seen-{told['n']}.json").read_text())
    assert set(told) == set(kernel)
    for name, value in told.items():
        assert _without_types(kernel[name]) == json.loads(json.dumps(value)), name
        assert ("tuple" in json.dumps(kernel[name])) == (name == "pairs"), name
    for name in ("rate", "small", "plain"):
        assert kernel[name][0] == type(told[name]).__name__ == "float"
    assert kernel["start"][0] == kernel["since"][0] == kernel["dates"][1][0] == "date"
    assert {kind for kind, _ in kernel["shares"][1:]} == {"float"}
    return told


def _without_types(value: list) -> object:
    kind, *rest = value
    return [_without_types(one) for one in rest] if kind in ("list", "tuple") else rest[0]


@pytest.fixture
def notebook(write: Write) -> Path:
    return write(SEEN, LIGHT, parameters=CELL)


def run(info: NotebookInfo, bound: Mapping[str, Value], root: Path) -> Mapping[str, object]:
    """What is recorded of a run whose first cells are run here, without a kernel."""
    code = [cell.source for cell in prepared(info, bound).cells if cell.cell_type == "code"]
    space: dict[str, object] = {}
    for source in code[:-1]:
        exec(source, space)
    return agree(info.values(bound), root)


def test_every_type_typed_in_a_file_and_by_default(
    notebook: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROML_WORKSPACE", str(workspace))
    info = inspect(notebook)
    told = run(info, {}, workspace)
    assert (told["n"], told["rate"], told["days"]) == (-3, 1.0, [1, 7])
    assert (told["end"], told["mixed"]) == (None, [1, [2, "b"], None, ["2013-01-02"]])
    told = run(info, info.read(GIVEN), workspace)
    assert (told["who"], told["mixed"]) == (" a, 'b' ", [1, "b", [2.5, None]])
    (workspace / "p.yaml").write_text(FILED, encoding="utf-8")
    told = run(info, info.read({}, read_files([workspace / "p.yaml"])), workspace)
    assert (told["who"], told["big"], told["small"]) == ("2013-01-01", 2 * 10**19, 1e-7)


def test_promotions_with_values_and_of_a_sweep_with_defaults(
    notebook: Path, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def promoted(version: int, *options: str) -> Mapping[str, object]:
        words = ["promote", str(notebook), "--name", "some", "--workspace", str(workspace)]
        assert cli.main([*words, *options]) == 0, capsys.readouterr().err
        artifact = load_artifact(f"some@{version}", workspace=workspace)
        return agree(artifact.manifest.parameters, workspace)

    (workspace / "p.yaml").write_text(FILED, encoding="utf-8")
    typed = [word for name in list(GIVEN)[::2] for word in ("-p", f"{name}={GIVEN[name]}")]
    told = promoted(1, "-f", str(workspace / "p.yaml"), *typed)
    assert (told["n"], told["big"], told["rate"], told["small"]) == (12, 2 * 10**19, 2.0, 1e-7)
    swept = ["-p", "n=1,2", "-p", "start=2014-01-02", "--sweep", "--jobs", "1"]
    told = promoted(2, *swept)
    assert (told["n"], told["start"], told["rate"]) == (1, "2014-01-02", 1.0)
    assert agree(load_artifact("some@3", workspace=workspace).manifest.parameters, workspace)
