"""``%proml spec``: write, read or draft a model spec."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from proml_lab.errors import UsageError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    from proml_lab.contracts import Dataset
    from proml_lab.magics.context import Context
    from proml_lab.spec import ModelSpec

HELP = "write, read or draft a model spec"
EXAMPLES = """
spec flight-delay.proml.yaml -o spec
spec gbm
spec draft --from shop,train --name flight-delay -o spec
"""
COMMANDS = """
spec flight-delay.proml.yaml
spec models/gbm
spec draft --from train.parquet --name flight-delay -o first.proml.yaml
spec --schema -o spec.schema.json
"""
BODY = "the spec, as YAML"
DRAFT = "draft"


def add_arguments(parser: ArgumentParser) -> None:
    """What to read, or what to draft from."""
    from proml_lab.magics.parser import comma_list

    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a file *.proml.yaml, a spec or a model; or 'draft' for a first one from what was "
        "picked and joined",
    )
    parser.add_argument(
        "--from",
        dest="given",
        metavar="VALUE",
        type=comma_list,
        default=[],
        help="draft: from these widgets and datasets, with commas between",
    )
    parser.add_argument("--name", metavar="TEXT", help="draft: what the model shall be called")
    parser.add_argument("--spine", metavar="SPINE", help="draft: source of the rows to predict for")
    parser.add_argument("--label", metavar="COLUMN", help="draft: the spine's column to predict")
    parser.add_argument("--learner", metavar="LEARNER", help="draft: the learner to start with")
    parser.add_argument(
        "--schema", action="store_true", help="the JSON schema of specs, for editors"
    )


class Schema(dict[str, object]):
    """A JSON schema, shown as JSON."""

    def __repr__(self) -> str:
        return json.dumps(self, indent=1, ensure_ascii=False)


def run(args: Namespace, context: Context) -> ModelSpec | Schema:
    """The spec; the work is `ModelSpec.parse`, `ModelSpec.read` or `authoring.draft`."""
    from proml_lab.spec import ModelSpec

    _one_way(args)
    if args.schema:
        return Schema(ModelSpec.model_json_schema())
    if args.body is not None:
        return ModelSpec.parse(f"\n{args.body}", name="cell")  # its lines as the cell counts them
    if args.source != DRAFT:
        return context.spec(args.source)
    from proml_lab.authoring import draft

    dataset, picked = _sources(args.given, context)
    made = draft(dataset=dataset, picked=picked, **_options(args))
    context.next_cell(f"%%proml spec -o spec\n{made.to_yaml()}")
    return made


def code(args: Namespace) -> str:
    """The spec as a call."""
    _one_way(args)
    if args.schema:
        return python.script(python.call("ModelSpec.model_json_schema"))
    if args.body is not None:
        return python.script(python.parsed(args.body))
    if args.source != DRAFT:
        return python.script(python.spec(args.source))
    if not args.given:
        return python.script(python.call("draft", **_options(args)))
    found = {"dataset": python.Source("dataset"), "picked": python.Source("picked")}
    return python.script(
        f"given = {[python.value(name) for name in args.given]!r}",
        "datasets = [value for value in given if isinstance(value, Dataset)]",
        "widgets = [value for value in given if not isinstance(value, Dataset)]",
        "dataset = datasets[-1] if datasets else None",
        "picked = [feature for widget in widgets for feature in widget.picked]",
        python.call("draft", **found, **_options(args)),
    )


def _one_way(args: Namespace) -> None:
    options = _options(args) | ({"from": args.given} if args.given else {})
    if args.schema:
        if args.body is not None or args.source is not None or options:
            raise UsageError("--schema stands alone.", hint="leave the other words out, save -o.")
        return
    if args.body is not None and (args.source is not None or options):
        raise UsageError(
            "A cell body holds the whole spec.", hint="leave the words after 'spec' out, save -o."
        )
    if args.body is None and args.source is None:
        raise UsageError(
            "No spec was named.",
            hint="give a file *.proml.yaml, or 'draft'."
            if args.command
            else "a file, a name, 'draft', or %%proml spec with YAML below.",
        )
    if args.source not in (None, DRAFT) and options:
        raise UsageError(
            f"--{next(iter(options))} belongs to a draft.", hint="say: spec draft --name …"
        )


def _options(args: Namespace) -> dict[str, str]:
    names = ("name", "spine", "label", "learner")
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def _sources(given: list[str], context: Context) -> tuple[Dataset | None, list[str]]:
    """(the newest dataset, all picks) of the values `given`, or of all live ones."""
    from proml_lab.contracts import Dataset
    from proml_lab.widgets.picks import Picks

    names = given or context.live(Dataset, Picks)
    dataset: Dataset | None = None
    picked: list[str] = []
    for name in names:
        value = context.value(name)
        if isinstance(value, Dataset):
            dataset = value
        elif isinstance(value, Picks):
            picked += value.picked
        else:
            raise UsageError(
                f"{name!r} is a {type(value).__name__}: a draft is made from a dataset or from "
                "what was picked in a browser.",
                hint="make one with %proml dataset or %proml browse.",
            )
    return dataset, picked
