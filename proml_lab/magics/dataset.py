"""``%proml dataset``: join features to labels, each as it was known at its cutoff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace
from proml_lab.magics.parts import Names, require_spec_or_parts

if TYPE_CHECKING:
    from proml_lab.contracts import Dataset
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.catalog import Catalog

HELP = "join features to labels, as they were known at each cutoff"
EXAMPLES = """
dataset spec -o train
dataset flight-delay.proml.yaml -o train
dataset --spine flights --label late --cutoff cutoff --entities origin --features weather.at_origin
"""
COMMANDS = """
dataset flight-delay.proml.yaml -o train.parquet
dataset --spine flights --label late --cutoff cutoff --entities origin --features weather.at_origin
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """A spec, or the parts of one."""
    parser.add_argument(
        "spec", nargs="?", metavar="SPEC", help="a model spec, or a file *.proml.yaml"
    )
    parser.add_argument("--spine", metavar="SPINE", help="the rows: a source, a file or a frame")
    parser.add_argument(
        "--features",
        metavar="FEATURE",
        nargs="+",
        action=Names,
        help="views, or single features as view.name, with spaces or commas between",
    )
    parser.add_argument("--label", metavar="COLUMN", help="the spine's column to predict")
    parser.add_argument(
        "--entities",
        metavar="COLUMN",
        nargs="+",
        action=Names,
        help="the spine's key columns, with spaces or commas between",
    )
    parser.add_argument(
        "--cutoff", metavar="COLUMN", help="the spine's UTC column: what was known by then"
    )


def run(args: Namespace, context: Context) -> Dataset:
    """Join; the work is `Workspace.dataset` or `Workspace.training_set`."""
    _require(args)
    workspace = context.workspace
    if args.spec is not None:
        with context.progress("join") as tell:
            return workspace.dataset(context.spec(args.spec), progress=tell)
    catalog = workspace.catalog
    asked = [wanted(name, catalog) for name in args.features]
    live = context.names is not None and args.spine in context.names
    spine = context.value(args.spine) if live else args.spine
    roles = {"label": args.label, "entities": args.entities or (), "cutoff": args.cutoff}
    with context.progress("join") as tell:
        return workspace.training_set(spine, asked, **roles, progress=tell)


def code(args: Namespace) -> str:
    """The join as a call."""
    _require(args)
    if args.spec is not None:
        return python.script(python.call(f"{python.opened(args)}.dataset", python.spec(args.spec)))
    roles = {"label": args.label, "entities": args.entities, "cutoff": args.cutoff}
    join = f"{python.opened(args)}.training_set"
    return python.script(python.call(join, args.spine, split(args.features), **roles))


def _require(args: Namespace) -> None:
    also = ("label", "entities", "cutoff")
    require_spec_or_parts(args, "spine", "features", also=also, unsaid="What to join is not said")


def wanted(name: str, catalog: Catalog) -> str | dict[str, list[str]]:
    """``group.view`` whole, or ``{group.view: [feature]}``; raises UnknownNameError.

    What names a published version, ``group.view@1``, is looked up by the join.
    """
    if "@" in name or name in {view.view for view in catalog.views}:
        return name
    view, _, feature = name.rpartition(".")
    if view != "spine":
        catalog.feature(name)
    return {view: [feature]}


def split(names: list[str]) -> list[object]:
    """The same without a catalogue: views have two words, features three."""
    return [
        {name.rpartition(".")[0]: [name.rpartition(".")[2]]}
        if name.count(".") > 1 or name.startswith("spine.")
        else name
        for name in names
    ]
