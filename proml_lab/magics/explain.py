"""``%proml explain``: why a model predicts what it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proml_lab.errors import UsageError, unknown
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

    from proml_lab.explain import Explanation
    from proml_lab.magics.context import Context

HELP = "show why a model predicts what it predicts"
EXAMPLES = """
explain gbm -o why
explain gbm --kind beeswarm
explain gbm --feature distance
explain gbm --row 17
"""
COMMANDS = """
explain models/gbm --on train.parquet -o why.csv
explain flight-delay.proml.yaml --kind beeswarm
explain flight-delay.proml.yaml --feature distance
explain flight-delay@1 --on train.parquet --row 17
"""
BODY = ""
_WORDS = {
    "bar": ("Importance of features", "Longer bars move predictions further."),
    "beeswarm": (
        "Contributions by value",
        "Each dot is a few rows: right of the line pushes up, left pushes down.",
    ),
    "dependence": ("Contribution against value", "One feature's push, at each of its values."),
    "waterfall": ("One row's score", "Bars marked + push up, bars marked − push down."),
}


def add_arguments(parser: ArgumentParser) -> None:
    """The model, the rows, and which picture."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a model, an artifact name@version, a model's folder, or a spec, which is fitted",
    )
    parser.add_argument("--on", metavar="DATASET", help="explain these rows, not the held-out ones")
    parser.add_argument(
        "--kind",
        metavar="KIND",
        help="one picture: bar, beeswarm, dependence (of one feature) or waterfall (of one row)",
    )
    parser.add_argument("--feature", metavar="COLUMN", help="the feature of a dependence")
    parser.add_argument("--row", metavar="N", type=int, help="the row of a waterfall, from 0")


def run(args: Namespace, context: Context) -> Explanation | Picture:
    """Explain; the work is `explain.explain` and `Explanation.figure`."""
    from proml_lab.explain import explain

    _possible(args)
    model = context.model(args.model)
    on = context.dataset(args.on) if args.on else None
    also = [] if args.row is None else [args.row]
    found = explain(model, on, also=also)
    kind = _kind(args)
    if kind is None:
        return found
    picture = Picture(found, kind, args.feature, args.row)
    picture.figure()
    return picture


def code(args: Namespace) -> str:
    """The explanation as a call."""
    place = python.workspace(args)
    on = python.dataset(args.on, place) if args.on else None
    also = [] if args.row is None else [args.row]
    found = python.call("explain", python.model(args.model, place), on=on, also=also)
    kind = _kind(args)
    if kind is None:
        return python.script(found)
    options = {"feature": args.feature, "row": args.row}
    if args.command and args.output:  # a file keeps the rows, which a figure does not have
        return python.script(python.call("Picture", found, kind, **options))
    return python.script(python.call(f"{found}.figure", kind, **options))


@dataclass(frozen=True)
class Picture:
    """One picture of an explanation, shown without script; `explanation` has all of it."""

    explanation: Explanation
    kind: str
    feature: str | None = None
    row: int | None = None

    def figure(self) -> go.Figure:
        """The picture for Plotly."""
        return self.explanation.figure(self.kind, feature=self.feature, row=self.row)

    def frame(self) -> pl.DataFrame:
        """A row a feature (of the one row of a waterfall), or a row a value for a dependence."""
        if self.kind == "dependence":
            return self.explanation.dependence(self.feature)
        if self.kind == "waterfall":
            row = self.explanation.highest if self.row is None else self.row
            return self.explanation.row(row)
        return self.explanation.frame()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        title, description = _WORDS[self.kind]
        if self.kind == "dependence":
            title += f" of {self.feature or self.explanation.importance['feature'][0]}"
        return html.bundle(
            f"{title}\n{html.text_table(self.frame(), max_rows=10)}",
            html.picture(self.figure(), title=title, description=description),
            html.details("The data", html.table(self.frame(), max_rows=200)),
        )


def _possible(args: Namespace) -> None:
    """Raise, before anything is fitted, for a picture that there is not."""
    from proml_lab.explain.explanation import KINDS

    kind = _kind(args)
    if kind is not None and kind not in KINDS:
        raise unknown("kind of picture", kind, KINDS)
    if args.feature is not None and kind != "dependence":
        raise UsageError(f"A {kind} is of all features.", hint="use --kind dependence for one.")
    if args.row is not None and kind != "waterfall":
        raise UsageError(f"A {kind} is of all rows.", hint="use --kind waterfall for one.")


def _kind(args: Namespace) -> str | None:
    """The picture asked for; a feature or a row says which without ``--kind``."""
    if args.kind is not None:
        return str(args.kind)
    if args.row is not None:
        return "waterfall"
    return "dependence" if args.feature is not None else None
