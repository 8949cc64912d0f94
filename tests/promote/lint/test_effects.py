"""What ``%proml`` reads and binds agrees with what its verbs ask for."""

from __future__ import annotations

import ast

import pytest

from proml_lab.magics import verbs
from proml_lab.promote.lint import effects
from proml_lab.promote.lint.effects import Effects
from proml_lab.promote.lint.source import Magic

VARIABLES = {"SPEC", "SOURCE", "VALUE", "DATASET", "MODEL"}
"""What the verbs call an argument that names a variable or a file; a spine may be a source."""


def of(text: str, name: str = "proml", body: str | None = None) -> Effects:
    return effects.effects(Magic(1, name, text, body))


@pytest.mark.parametrize("name", verbs.NAMES)
def test_arguments_that_name_variables_are_those_of_the_verbs(name: str) -> None:
    actions = verbs.parser(name, prog=verbs.NOTEBOOK).actions
    assert {str(a.metavar) for a in actions} & VARIABLES == effects.READS.get(name, set())
    for action in actions:
        if action.metavar in VARIABLES and action.option_strings:
            assert of(f"{name} {action.option_strings[-1]} a").names == ("a",)
        elif action.metavar in VARIABLES:
            assert of(f"{name} a").names == ("a",)
    for action in actions:
        if action.nargs == 0 and action.option_strings:  # a flag takes no word away
            flag = action.option_strings[-1]
            if flag not in ("--code", "--help"):
                assert of(f"{name} {flag} -o kept").binds[-1:] == ("kept",)


@pytest.mark.parametrize(
    ("text", "names", "binds"),
    [
        ("features wind --owner ada -o found", (), ("found",)),
        ("browse -o shop;", (), ("shop",)),
        ("dataset spec -o train", ("spec",), ("train",)),
        ("dataset --spine flights --features a.b --output=x", (), ("x",)),
        ("dataset sources/a.parquet --output=train", (), ("train",)),
        ("spec a.proml.yaml -o spec", (), ("spec",)),
        ("spec draft --from shop,train --name x -o spec", ("shop", "train"), ("spec",)),
        ("spec --schema -o schema", (), ("schema",)),
        ("fit gbm --spec spec --on train --set n=3 --seed 4", ("spec", "train"), ("gbm",)),
        ("compare gbm linear --metric auc -o board", ("gbm", "linear"), ("board",)),
        ("compare gbm models/b name@1", ("gbm",), ()),
        ("explain gbm --row 3 --kind bar --feature wind", ("gbm",), ()),
        ("output model=gbm metrics=board n=3 ok=true text='a b'", ("gbm", "board"), ()),
        ("promote a.ipynb --name x -p n=3 -o artifact", (), ("artifact",)),
        ("artifacts flight-delay -o list_of_them", (), ("list_of_them",)),
        ("fit gbm --spec spec --code", (), ()),
        ("fit 'gbm", (), ()),
        ("", (), ()),
    ],
)
def test_lines_of_proml(text: str, names: tuple[str, ...], binds: tuple[str, ...]) -> None:
    found = of(text)
    assert (found.names, found.binds, found.opaque) == (names, binds, False)


@pytest.mark.parametrize(
    ("line", "body", "tables"),
    [
        ("publish --yes", "view: a.b\nsql: select x from t, u", ("t", "u")),
        ("publish", "sql: |\n  with a as (select 1 from t)\n  select * from a", ("t",)),
        ("publish", "sql: select x from {{name}} join t on y", ("t",)),
        ("publish", 'sql: select x from "a b"', ()),
        ("publish --rows r", "view: a.b", ()),
        ("publish --code", "sql: select x from t", ()),
        ("publish", "sql: [select", ()),
        ("publish", "- sql", ()),
        ("publish", "sql: 3", ()),
        ("publish a.b", None, ()),
        ("spec", "sql: select x from t", ()),
    ],
)
def test_sql_of_what_is_published(line: str, body: str | None, tables: tuple[str, ...]) -> None:
    assert of(line, body=body).tables == tables


def test_expressions_are_read_wherever_they_stand() -> None:
    found = of("fit {{name}} --set n={{2 * n}}", body="a: {{ {'k': v}['k'] }}\nb: {{open")
    assert [ast.unparse(tree) for tree in found.reads] == ["name", "2 * n", "{'k': v}['k']"]
    assert found.binds == ()


@pytest.mark.parametrize(
    ("name", "text", "binds", "opaque"),
    [
        ("capture", "out --no-stderr", ("out",), False),
        ("bash", "--out lines --err problems", ("lines", "problems"), False),
        ("store", "-r x", (), True),
        ("store", "x", (), False),
        ("matplotlib", "inline", (), False),
        ("sql", "rows << select 1", (), True),
        ("run", "a.py", (), True),
        ("load_ext", "proml_lab", ("%proml",), False),
        ("load_ext", "autoreload", (), False),
    ],
)
def test_other_magics(name: str, text: str, binds: tuple[str, ...], opaque: bool) -> None:
    found = of(text, name)
    assert (found.binds, found.opaque) == (binds, opaque)


@pytest.mark.parametrize(
    ("text", "names", "maybe"),
    [
        ("echo {name} {rows[0]}", ("name", "rows"), ()),
        ("echo $name ${other} $$third", (), ("name",)),
        ("cp {a,b} '{c}' {1..3} {{d}} {}", (), ("a", "b", "c")),
    ],
)
def test_shell_lines_take_values(text: str, names: tuple[str, ...], maybe: tuple[str, ...]) -> None:
    found = of(text, "!")
    assert (found.shell, found.maybe) == (names, maybe)
