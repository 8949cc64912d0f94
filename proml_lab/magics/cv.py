"""``%proml cv``: fit a spec in folds, and measure each model on rows that it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.errors import unknown
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace, comma_list

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.validation import CrossValidation

HELP = "measure a spec in folds: cross-validation"
EXAMPLES = """
cv spec --on train
cv flight-delay.proml.yaml --folds 4 --metric auc,log_loss -o folds
cv spec --on train --learner linear
"""
COMMANDS = """
cv flight-delay.proml.yaml
cv flight-delay.proml.yaml --folds 4 --metric auc,log_loss -o folds.csv
cv flight-delay.proml.yaml --on train.parquet --learner linear
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """What to fit, on what, and how many folds."""
    parser.add_argument(
        "spec", metavar="SPEC", help="a spec, a model (for its spec), or a file *.proml.yaml"
    )
    parser.add_argument(
        "--on", metavar="DATASET", help="the rows; without it, the spec's own are joined"
    )
    parser.add_argument("--folds", metavar="N", type=int, default=5, help="how many; else 5")
    parser.add_argument(
        "--metric",
        metavar="METRIC",
        type=comma_list,
        help="with commas between; without it, what the spec asks for",
    )
    parser.add_argument(
        "--learner", metavar="LEARNER", help="this learner with its own defaults, not the spec's"
    )


def run(args: Namespace, context: Context) -> CrossValidation:
    """Cross-validate; the work is `validation.cross_validate`."""
    from proml_lab.evaluate.metrics import METRICS
    from proml_lab.validation import cross_validate

    for text in args.metric or ():  # before anything is joined
        name = text.partition(" by ")[0].strip()
        if name not in METRICS:
            raise unknown("metric", name, METRICS)
    spec = context.spec(args.spec)
    dataset = context.dataset(args.on) if args.on else None
    with context.progress(spec.name) as tell:
        return cross_validate(
            spec,
            dataset,
            folds=args.folds,
            metrics=args.metric,
            learner=args.learner,
            workspace=None if dataset is not None else context.workspace,
            progress=tell,
        )


def code(args: Namespace) -> str:
    """The cross-validation as a call."""
    place = python.workspace(args)
    rows = [python.dataset(args.on, place)] if args.on else []
    call = python.call(
        "cross_validate",
        python.spec(args.spec),
        *rows,
        folds=args.folds,
        metrics=args.metric,
        learner=args.learner,
        workspace=None if args.on else place,
    )
    return python.script(call)
