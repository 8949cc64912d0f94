"""``%proml fit``: fit what a spec describes, and call it by a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.errors import UsageError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace, setting, variable

if TYPE_CHECKING:
    from proml_lab.magics.context import Context
    from proml_lab.model import Model
    from proml_lab.spec import ModelSpec

HELP = "fit a model and call it by a name"
EXAMPLES = """
fit gbm --spec spec --on train
fit linear --spec flight-delay.proml.yaml --learner linear
fit small --spec spec --on train --set num_leaves=15 --set learning_rate=0.1
"""
COMMANDS = """
fit flight-delay.proml.yaml -o models/gbm
fit flight-delay.proml.yaml --learner linear -o models/linear
fit flight-delay.proml.yaml --on train.parquet --set num_leaves=15 -o models/small
"""
BODY = "the spec, as YAML"


def add_arguments(parser: ArgumentParser) -> None:
    """What to fit, on what, and what to change."""
    parser.add_argument(
        "name",
        metavar="NAME",
        help="the variable to make; on the command line, the spec file, and -o names the folder",
    )
    parser.add_argument("--spec", metavar="SPEC", help="a spec, a model's, or a file *.proml.yaml")
    parser.add_argument(
        "--on", metavar="DATASET", help="the rows; without it, the spec's own are joined"
    )
    parser.add_argument(
        "--learner", metavar="LEARNER", help="this learner with its own defaults, not the spec's"
    )
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="OPTION=VALUE",
        action="append",
        type=setting,
        default=[],
        help="an option of the learner; may stand several times",
    )
    parser.add_argument("--seed", metavar="N", type=int, help="another seed than the spec's")


def run(args: Namespace, context: Context) -> Model:
    """Fit and bind; the work is `authoring.fit`."""
    from proml_lab.authoring import fit

    spec = _changed(_spec(args, context), args)
    dataset = context.dataset(args.on) if args.on else None
    workspace = None if dataset is not None else context.workspace
    title = args.name if context.in_notebook else spec.name
    with context.progress(title) as tell:
        model = fit(spec, dataset, workspace=workspace, progress=tell)
    if context.in_notebook:
        context.bind(args.name, model)
    return model


def code(args: Namespace) -> str:
    """The fit as a call."""
    lines: list[str] = []
    if args.body is None:
        if args.spec is None and args.name.isidentifier():
            raise _unsaid(command=args.command)
        spec = python.spec(args.spec or args.name)
    else:
        lines.append(f"spec = {python.parsed(args.body)}")
        spec = python.Source("spec")
    learner: object = args.learner
    options = dict(args.settings)
    if options and args.learner:
        learner = {args.learner: options}
    elif options:
        lines += [] if spec.isidentifier() else [f"spec = {spec}"]
        spec = spec if spec.isidentifier() else python.Source("spec")
        lines.append(f"options = {spec}.learner.options | {options!r}")
        learner = python.Source(f"{{{spec}.learner.name: options}}")
    if args.seed is not None:
        spec = python.Source(f"{spec}.but(seed={args.seed})")
    place = python.workspace(args)
    rows = [python.dataset(args.on, place)] if args.on else []
    call = python.call("fit", spec, *rows, workspace=None if args.on else place, learner=learner)
    named = args.name.isidentifier() and not args.command
    made = f"{args.name} = {call}" if named else call
    return python.script(*lines, made)


def _spec(args: Namespace, context: Context) -> ModelSpec:
    from proml_lab.spec import ModelSpec

    if args.body is not None:
        if args.spec is not None:
            raise UsageError("A spec and a cell body were given.", hint="give one of them.")
        variable(args.name)
        return ModelSpec.parse(f"\n{args.body}", name="cell")  # its lines as the cell counts them
    if context.in_notebook:
        variable(args.name)
        if args.spec is None:
            raise _unsaid(command=False)
        return context.spec(args.spec)
    return context.spec(args.spec or args.name)


def _changed(spec: ModelSpec, args: Namespace) -> ModelSpec:
    """`spec` with the learner, options and seed that were asked for."""
    changes: dict[str, object] = {}
    if args.seed is not None:
        changes["seed"] = args.seed
    if args.learner or args.settings:
        name = args.learner or spec.learner.name
        kept = {} if args.learner else spec.learner.options
        changes["learner"] = {"name": name, "options": {**kept, **dict(args.settings)}}
    return spec.but(**changes) if changes else spec  # type: ignore[arg-type]


def _unsaid(*, command: bool) -> UsageError:
    return UsageError(
        "What to fit is not said.",
        hint="proml fit SPEC.proml.yaml -o FOLDER."
        if command
        else "%proml fit NAME --spec SPEC, or %%proml fit NAME with the spec's YAML below.",
    )
