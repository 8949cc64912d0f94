"""``%proml compare``: models side by side on the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import unknown
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace, comma_list

if TYPE_CHECKING:
    from proml_lab.evaluate import Comparison
    from proml_lab.magics.context import Context

HELP = "put models side by side on the same held-out rows"
EXAMPLES = """
compare gbm linear rate -o board
compare gbm linear --metric auc,log_loss
compare gbm flight-delay@1 --on train
"""
COMMANDS = """
compare models/gbm models/linear --on train.parquet -o board.csv
compare flight-delay.proml.yaml --metric auc,log_loss
compare models/gbm flight-delay@1 --on train.parquet
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The models, and what to compare."""
    parser.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help="a model, an artifact name@version, a model's folder, or a spec, which is fitted",
    )
    parser.add_argument(
        "--on", metavar="DATASET", help="compare on these rows, not on the held-out ones"
    )
    parser.add_argument(
        "--metric",
        metavar="METRIC",
        type=comma_list,
        help="with commas between; without it, what the specs ask for",
    )


def run(args: Namespace, context: Context) -> Comparison:
    """Compare; the work is `evaluate.compare`."""
    from proml_lab.evaluate import compare
    from proml_lab.evaluate.metrics import METRICS

    for text in args.metric or ():  # before anything is fitted
        name = text.partition(" by ")[0].strip()
        if name not in METRICS:
            raise unknown("metric", name, METRICS)
    models = [context.model(name) for name in args.models]
    on = context.dataset(args.on) if args.on else None
    return compare(*models, names=_names(args.models), on=on, metrics=args.metric)


def code(args: Namespace) -> str:
    """The comparison as a call."""
    place = python.workspace(args)
    on = python.dataset(args.on, place) if args.on else None
    models = [python.model(name, place) for name in args.models]
    names = _names(args.models)
    return python.script(python.call("compare", *models, names=names, on=on, metrics=args.metric))


def _names(given: list[str]) -> list[str]:
    """What the models are called: as they were given, files without folder and ending."""
    short = [Path(name).name.removesuffix(".yaml").removesuffix(".proml") for name in given]
    return short if len(set(short)) == len(short) else given
