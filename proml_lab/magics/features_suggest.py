"""``%proml features suggest``: which features of the catalogue say most of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace
from proml_lab.magics.parts import require_spec_or_parts

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.marketplace.find.suggest import SuggestReport

HELP = "rank the features of the catalogue for a label"
EXAMPLES = """
features suggest spec
features suggest flight-delay.proml.yaml
features suggest --spine flights --label late --cutoff cutoff
"""
COMMANDS = """
features suggest flight-delay.proml.yaml
features suggest --spine flights --label late --cutoff cutoff
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """A spec, or its spine, label and cutoff."""
    parser.add_argument(
        "spec", nargs="?", metavar="SPEC", help="a model spec, or a file *.proml.yaml"
    )
    parser.add_argument("--spine", metavar="SPINE", help="the rows: a source, a file or a frame")
    parser.add_argument("--label", metavar="COLUMN", help="the spine's column to predict")
    parser.add_argument(
        "--cutoff", metavar="COLUMN", help="the spine's UTC column: what was known by then"
    )
    parser.add_argument("-n", metavar="N", type=int, default=20, help="how many at most; 20")


def run(args: Namespace, context: Context) -> SuggestReport:
    """The report; the work is `find.suggest.suggest`."""
    from proml_lab.marketplace.find.suggest import suggest

    _require(args)
    workspace = context.workspace
    label, cutoff, spine = args.label, args.cutoff, args.spine
    limits = [workspace.config.sensitivity]
    if args.spec is not None:
        spec = context.spec(args.spec)
        label, cutoff, spine = spec.label.column, spec.spine.cutoff, spec.spine.source
        limits.append(spec.sensitivity)
    live = args.spec is None and context.names is not None and spine in context.names
    rows = context.value(spine) if live else workspace.root / workspace.source(spine)
    return suggest(workspace.catalog, rows, label=label, cutoff=cutoff, n=args.n, limits=limits)


def code(args: Namespace) -> str:
    """The same as a call."""
    _require(args)
    lines = [f"workspace = {python.opened(args)}"]
    label: object = args.label
    cutoff: object = args.cutoff
    name = repr(args.spine)
    limits = "workspace.config.sensitivity"
    if args.spec is not None:
        lines.append(f"spec = {python.spec(args.spec)}")
        label, cutoff = python.Source("spec.label.column"), python.Source("spec.spine.cutoff")
        name = "spec.spine.source"
        limits += ", spec.sensitivity"
    spine = python.Source(f"workspace.root / workspace.source({name})")
    n = None if args.n == 20 else args.n
    catalog = python.Source("workspace.catalog")
    allowed = python.Source(f"[{limits}]")
    call = python.call("suggest", catalog, spine, label=label, cutoff=cutoff, n=n, limits=allowed)
    return python.script(*lines, call)


def _require(args: Namespace) -> None:
    unsaid = "What to rank for is not said"
    require_spec_or_parts(args, "spine", "label", also=("cutoff",), unsaid=unsaid)
