"""``%%proml publish``: make a frame, a query or a file a version of a feature view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.errors import UsageError
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace

if TYPE_CHECKING:
    import polars as pl

    from proml_lab.magics.context import Context
    from proml_lab.marketplace.publish.publication import Publication

HELP = "publish a feature view, after a look at what it changes"
EXAMPLES = """
publish weather.hourly
publish weather.hourly --yes
publish rain.yaml --rows rain --yes
"""
COMMANDS = """
publish weather.hourly
publish weather.hourly --yes
publish rain.yaml --rows rain.parquet --yes
publish weather.hourly --yes --force wrong-unit
"""
BODY = "the view, as YAML; what rows tell may be left out, and sql: SELECT … may make them"


def add_arguments(parser: ArgumentParser) -> None:
    """What to publish, and whether to do it."""
    parser.add_argument(
        "view", nargs="?", metavar="VIEW", help="a view whose file was changed, or a view's file"
    )
    parser.add_argument(
        "--rows", metavar="DATASET", help="the rows of its source: a frame or a Parquet file"
    )
    parser.add_argument(
        "--yes", action="store_true", help="do it: write the files, and commit them to git"
    )
    parser.add_argument(
        "--propose", action="store_true", help="with --yes: keep it as a proposal to its owners"
    )
    parser.add_argument(
        "--force", metavar="TEXT", help="publish what breaks others' work; the reason is recorded"
    )


def run(args: Namespace, context: Context) -> Publication:
    """Look, or publish; the work is `marketplace.publish.publish`."""
    from proml_lab.marketplace.publish.publish import publish
    from proml_lab.promote.uses import promoted

    _one_way(args)
    used = promoted(context.workspace)
    return publish(
        args.view if args.body is None else f"\n{args.body}",  # lines as the cell counts them
        workspace=context.workspace,
        rows=_rows(args.rows, context),
        frames=_frames(context),
        promoted=used.uses,
        notes=used.notes,
        yes=args.yes,
        propose=args.propose,
        force=args.force or "",
    )


def code(args: Namespace) -> str:
    """The publication as a call."""
    _one_way(args)
    if args.body is None:
        view: object = args.view
    else:
        view = python.Source(f'"""\n{args.body.strip()}\n"""')
    rows = args.rows
    if rows is not None and rows.isidentifier():
        rows = python.Source(rows)
    elif rows is not None:
        rows = python.Source(python.call("read_dataset", rows) + ".frame")
    frames = _named_in(args.body) if args.body is not None else None
    options = {
        "rows": rows,
        "frames": frames,
        "yes": args.yes,
        "propose": args.propose,
        "force": args.force,
    }
    workspace, used = python.Source("workspace"), python.Source("promoted(workspace).uses")
    call = python.call("publish", view, workspace=workspace, promoted=used, **options)
    return python.script(f"workspace = {python.opened(args)}", call)


def _named_in(body: str) -> python.Source | None:
    """The frames that the SQL of a view reads, if it has some: those of its tables that are."""
    from proml_lab.promote.lint.effects import effects
    from proml_lab.promote.lint.source import Magic

    read = effects(Magic(1, "proml", "publish", body)).tables
    if not read:
        return None
    names = f"{{{', '.join(map(repr, read))}}}"
    return python.Source(f"{{n: v for n, v in globals().items() if n in {names}}}")


def _one_way(args: Namespace) -> None:
    if (args.view is None) == (args.body is None):
        raise UsageError(
            "No view was named." if args.view is None else "A cell body holds the whole view.",
            hint="give a view or its file, or %%proml publish with YAML below."
            if args.view is None
            else "leave the view's name out.",
        )
    if args.propose and args.force:
        raise UsageError("A proposal needs no force.", hint="leave --force out.")


def _rows(name: str | None, context: Context) -> object:
    if name is None:
        return None
    from proml_lab.contracts import Dataset

    value = context.value(name)
    return value.frame if isinstance(value, Dataset) else value


def _frames(context: Context) -> dict[str, pl.DataFrame]:
    """The notebook's Polars frames, for SQL to name."""
    import polars as pl

    names = context.names or {}
    return {
        name: value
        for name, value in names.items()
        if isinstance(value, pl.DataFrame) and not name.startswith("_")
    }
