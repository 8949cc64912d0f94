from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.contracts import Report
from proml_lab.explain import Explanation
from proml_lab.magics import explain, verbs
from proml_lab.magics.context import Context
from proml_lab.magics.explain import Picture
from proml_lab.magics.keep import write


@pytest.fixture
def context(small: Path) -> Context:
    context = Context({}, style="off")
    context.bind("gbm", context.model("delay.proml.yaml"))
    return context


def run(line: str, context: Context) -> Explanation | Picture:
    args = verbs.parser("explain", prog=verbs.NOTEBOOK).parse(line.split())
    return explain.run(args, context)


@pytest.mark.parametrize(
    ("line", "kind", "n_rows", "said"),
    [
        ("gbm --kind bar", "bar", 3, "wind"),
        ("gbm --kind beeswarm", "beeswarm", 3, "wind"),
        ("gbm --kind dependence", "dependence", 10, "against value of wind\n"),
        ("gbm --feature seats", "dependence", 10, "against value of seats\n"),
        ("gbm --kind waterfall", "waterfall", 3, "wind"),
        ("gbm --row 0", "waterfall", 3, "wind"),
    ],
)
def test_one_picture(line: str, kind: str, n_rows: int, said: str, context: Context) -> None:
    shown = run(line, context)
    assert isinstance(shown, Picture)
    assert isinstance(shown, Report)
    assert shown.kind == kind
    assert shown.frame().height == n_rows
    bundle = shown._repr_mimebundle_()
    assert bundle["text/html"].count("<figure") == 1
    assert "<script" not in bundle["text/html"]
    assert said in bundle["text/plain"]


def test_a_row_is_explained_by_its_own_number(context: Context) -> None:
    shown = run("gbm --row 17", context)
    assert isinstance(shown, Picture)
    whole = run("gbm", context)
    assert isinstance(whole, Explanation)
    assert shown.frame().equals(whole.row(17))


def test_a_row_is_explained_even_where_rows_are_drawn(context: Context) -> None:
    from proml_lab.explain import explain as of

    model = context.model("gbm")
    assert 150 in of(model, rows=5, also=[150]).rows
    assert len(of(model, rows=5, also=[150]).rows) in (5, 6)


def test_the_rows_of_a_picture_can_be_kept(context: Context, small: Path) -> None:
    write(run("gbm --row 0", context), small / "row.csv")
    assert (small / "row.csv").read_text().startswith("feature,value,contribution")
