from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.magics import python, verbs


def test_call_leaves_out_what_is_not_given() -> None:
    got = python.call("fit", python.Source("spec"), "a", learner=None, b=[], c=False, d=0)
    assert got == "fit(spec, 'a', d=0)"


def test_script_imports_what_it_uses_and_nothing_else() -> None:
    got = python.script("spec = ModelSpec.read('fit.yaml')", "record({'a': spec})")
    assert got.splitlines() == [
        "from proml_lab import ModelSpec",
        "from proml_lab.promote.outputs import record",
        "",
        "spec = ModelSpec.read('fit.yaml')",
        "record({'a': spec})",
    ]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("gbm", "gbm"),
        ("a.proml.yaml", "fit(ModelSpec.read('a.proml.yaml'))"),
        ("flight-delay@3", "load_artifact('flight-delay@3').model"),
        ("models/gbm", "load('models/gbm')"),
    ],
)
def test_model(name: str, source: str) -> None:
    assert python.model(name) == source


def test_a_model_folder_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gbm").mkdir()
    (tmp_path / "gbm" / "model.json").touch()
    monkeypatch.chdir(tmp_path)
    assert python.model("gbm") == "load('gbm')"


def test_dataset() -> None:
    assert python.dataset("train") == "train"
    assert python.dataset("a.parquet") == "read_dataset('a.parquet')"
    assert python.dataset("a.yaml") == "open_workspace().dataset(ModelSpec.read('a.yaml'))"


EXAMPLES = [
    (name, line) for name in verbs.NAMES for line in verbs.load(name).EXAMPLES.strip().splitlines()
]


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_the_python_of_every_example_compiles_and_its_imports_work(name: str, line: str) -> None:
    from proml_lab.magics.interpolate import words

    parser = verbs.parser(name, prog=verbs.NOTEBOOK)
    first, rest = verbs.split(words(line, lambda expression: 7))
    assert first == name
    args = parser.parse(rest)
    args.body = None
    source = verbs.load(name).code(args)
    compile(source, line, "exec")
    exec("\n".join(row for row in source.splitlines() if row.startswith("from ")), {})
