"""``%proml promote``: run a notebook in a fresh kernel and register what it declares."""

from __future__ import annotations

import contextlib
import json
import math
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proml_lab.errors import UsageError, WorkspaceError
from proml_lab.magics import python
from proml_lab.magics.answer import Text
from proml_lab.magics.parser import ArgumentParser, Namespace
from proml_lab.magics.progress import duration

if TYPE_CHECKING:
    import polars as pl

    from proml_lab.magics.context import Context
    from proml_lab.promote import Artifact, SweepReport

HELP = "turn a notebook into a versioned artifact"
EXAMPLES = """
promote notebooks/01_flight_delay.ipynb --name flight-delay
promote notebooks/01_flight_delay.ipynb --name flight-delay -p n_trees=200 -p seed=3
promote notebooks/01_flight_delay.ipynb --name flight-delay -f params.yaml
promote notebooks/01_flight_delay.ipynb --name flight-delay -p n_trees=50,100,200 --sweep
"""
BODY = ""


def add_arguments(parser: ArgumentParser) -> None:
    """The notebook, the artifact's name, and values for the notebook's parameters."""
    parser.add_argument(
        "notebook", metavar="NOTEBOOK", help="an .ipynb file; --help shows its parameters too"
    )
    parser.add_argument(
        "--name", metavar="ARTIFACT", required=True, help="what the artifact is called"
    )
    parser.add_argument(
        "-p",
        "--parameter",
        dest="parameters",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a value for one of the notebook's parameters; may stand several times",
    )
    parser.add_argument(
        "-f",
        "--file",
        dest="files",
        metavar="FILE",
        action="append",
        default=[],
        help="values in a YAML or JSON file; -p wins, and the later of several files",
    )
    parser.add_argument(
        "--strict", action="store_true", help="let warnings of lint stop the promotion too"
    )
    parser.add_argument(
        "--fresh-env",
        action="store_true",
        help="run in a new environment with the same packages, built by pip and kept for next time",
    )
    parser.add_argument(
        "--sweep",
        action="store_true",
        help="promote once for every combination of values with commas between",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=_number,
        help="with --sweep: so many at a time; by default as the cores and the memory allow",
    )
    parser.add_argument(
        "--override",
        metavar="REASON",
        help="why the version may be used even if a gate of its spec fails; with your name",
    )
    parser.add_argument(
        "--cell-timeout", metavar="S", type=_seconds, help="end the run if a cell takes longer"
    )
    parser.add_argument(
        "--timeout", metavar="S", type=_seconds, help="end the run if all cells take longer"
    )


def about(words: list[str]) -> str:
    """The parameters of the notebook that stands among the words of a call for help."""
    from proml_lab.plots import html
    from proml_lab.promote import inspect

    named = [word for word in words if word.endswith(".ipynb")]
    if not named:
        return ""
    info = inspect(named[0])
    if not info.parameters:
        return f"\n{info.path.name} has no parameters.\n"
    frame = info.frame()
    empty = [name for name in ("allowed", "help") if (frame[name] == "").all()]
    table = html.text_table(frame.drop(empty), max_rows=frame.height)
    lines = "\n".join(f"  {line}" for line in table.splitlines())
    return f"\nparameters of {info.path.name}, each given by -p name=value:\n{lines}\n"


def run(args: Namespace, context: Context) -> Artifact | SweepReport:
    """Promote; the work is `promote.promote` and `promote.sweep`."""
    from proml_lab.promote import promote, read_grid, read_values, sweep
    from proml_lab.promote.parameters import gather_files, gather_words

    if args.jobs is not None and not args.sweep:
        raise UsageError("--jobs is for a sweep.", hint="add --sweep, or leave --jobs out.")
    texts, files = gather_words(args.parameters), gather_files(args.files)
    # A notebook may lie in a workspace of its own: it is looked for only if none is named here.
    place = context.folder or None
    _name_cut_off(place, Path(args.notebook))
    if args.sweep:
        grid = read_grid(args.notebook, texts, files, workspace=place, strict=args.strict)
        with context.progress(args.name) as tell:
            return sweep(
                args.notebook,
                args.name,
                grid,
                jobs=args.jobs,
                workspace=place,
                progress=tell,
                **_options(args),
            )
    values = read_values(args.notebook, texts, files, workspace=place, strict=args.strict)
    with context.progress(args.name) as tell:
        return promote(
            args.notebook,
            args.name,
            values,
            workspace=place,
            progress=tell,
            **_options(args),
        )


def code(args: Namespace) -> str:
    """The promotion as a call."""
    from proml_lab.promote.parameters import read_words

    texts = read_words(args.parameters)
    files = [python.call("read_files", args.files)] if args.files else []
    place = python.workspace(args)
    checked = {"workspace": place, "strict": args.strict}
    if args.sweep:
        grid = python.call("read_grid", args.notebook, texts, *files, **checked)
        swept = python.call(
            "sweep",
            args.notebook,
            args.name,
            grid,
            jobs=args.jobs,
            workspace=place,
            **_options(args),
        )
        return python.script(swept)
    values = python.call("read_values", args.notebook, texts, *files, **checked)
    given = [values] if texts or args.files else []
    call = python.call(
        "promote", args.notebook, args.name, *given, workspace=place, **_options(args)
    )
    return python.script(call)


def status(value: Artifact | SweepReport) -> int:
    """1 where a promotion of a sweep failed."""
    from proml_lab.promote import SweepReport

    return int(isinstance(value, SweepReport) and value.failed > 0)


def summary(artifact: Artifact | SweepReport) -> Text:
    """What the command line says when it is done: how good, which version, where to look."""
    from proml_lab.promote import SweepReport

    try:
        return _summary(artifact)
    except KeyboardInterrupt:  # it is registered all the same, which must not go untold
        if isinstance(artifact, SweepReport):
            raise
        return Text(f"{artifact.key}  {artifact.path}\nInterrupted after it was registered.")


def _summary(artifact: Artifact | SweepReport) -> Text:
    from proml_lab.plots import html
    from proml_lab.promote import SweepReport, difference, previous
    from proml_lab.promote.lint import told

    if isinstance(artifact, SweepReport):
        return Text(artifact._repr_mimebundle_()["text/plain"])
    models = _models(artifact)
    lines = [html.text_table(models), ""] if models.height else []
    lines.append(f"{artifact.key}  {artifact.path}")
    lines += _judged(artifact)
    found_by_lint = artifact.manifest.lint
    see = f"proml show {artifact.key}"
    lines += [f"Lint: {said}. See: {see}" for said in [told(found_by_lint)] if said]
    lines += [f"The run showed: {f}" for f in found_by_lint if f.by == "run" and not f.muted]
    lab = "make lab" if Path("Makefile").is_file() else "jupyter lab"
    before = previous(artifact)
    if before is not None:
        found = difference(before, artifact, significance=False)
        lines += [str(found)]
        lines += [html.text_table(found.frame().drop("note"), max_rows=12)] if found else []
    return Text(
        "\n".join(
            [
                *lines,
                "",
                f"Open the report:    {artifact.report}",
                f"Go on in JupyterLab: {lab}",
                f"All artifacts:       {_artifacts(artifact)}",
            ]
        )
    )


def _judged(artifact: Artifact) -> list[str]:
    """How its gates went, and who overrode them."""
    from proml_lab.promote.gates import words
    from proml_lab.promote.gates.entry import said

    manifest = artifact.manifest
    lines = [f"Gates: {said(manifest.gates)}."] if manifest.gates else []
    return lines + ([f"{words.overridden(manifest.override)}."] if manifest.override else [])


def _artifacts(artifact: Artifact) -> str:
    """The command that lists the artifacts, as it can be given from here."""
    from proml_lab.marketplace.workspace import open_workspace

    called = Path(sys.argv[0]).name == "proml" and not shutil.which("proml")
    program = sys.argv[0] if called else "proml"  # as it was called, where it is not on the PATH
    root, here = open_workspace(artifact.path).root, Path.cwd()
    with contextlib.suppress(WorkspaceError):  # none around here: then it has to be named
        if open_workspace().root == root:
            return f"{program} artifacts"
    shown = root.relative_to(here) if here in root.parents else root
    return f"{program} artifacts --workspace {shlex.quote(str(shown))}"


def _models(artifact: Artifact) -> pl.DataFrame:
    """A row a compared model: its metrics with intervals, the rows tested on, the time to fit.

    Without a report that measures, the numbers that the notebook declared by themselves.
    """
    import polars as pl

    rows: dict[str, dict[str, str]] = {}
    for name in artifact.manifest.reports:
        path = artifact.path / "reports" / f"{name}.json"
        report = json.loads(path.read_text(encoding="utf-8"))
        for row in report.get("metrics", ()) if isinstance(report, dict) else ():
            if row.get("group") is None:
                shown = rows.setdefault(row["model"], {"model": row["model"]})
                shown[row["metric"]] = _value(row)
                shown["rows"] = f"{row['n_rows']:,}"
    for name, seconds in artifact.manifest.seconds.items():
        if name in rows:
            rows[name]["time"] = duration(seconds)
    if not rows:
        return artifact.metrics.select("metric", "value")
    found = pl.DataFrame(list(rows.values()))
    last = [name for name in ("rows", "time") if name in found.columns]
    measured = [name for name in found.columns if name not in ("model", *last)]
    few = [name for name in ("auc", "log_loss") if name in measured] or measured[:2]
    return found.select("model", *few, *last)


def _value(row: dict[str, float | None]) -> str:
    """``0.735 (0.731 to 0.740)``."""
    if row["value"] is None:
        return "–"
    low, high = row.get("low"), row.get("high")
    interval = "" if low is None or high is None else f" ({low:.4f} to {high:.4f})"
    return f"{row['value']:.4f}{interval}"


def _options(args: Namespace) -> dict[str, Any]:
    """What `promote` is told beside the values, for a sweep's members too."""
    return {
        "strict": args.strict,
        "fresh_env": args.fresh_env,
        "override": args.override,
        "cell_timeout": args.cell_timeout,
        "timeout": args.timeout,
    }


def _number(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"{text!r} is no number of promotions.", hint="such as --jobs 2.")
    return int(text)


def _name_cut_off(place: str | None, notebook: Path) -> None:
    """Say, once, which earlier runs a crash cut off."""
    from proml_lab.promote.artifact import opened
    from proml_lab.promote.run.recovery import cut_off

    for cut in cut_off(opened(place, notebook.absolute().parent).runs):
        sys.stderr.write(f"{cut}\n")


def _seconds(text: str) -> float:
    """A number of seconds above zero."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise UsageError(f"{text!r} is not a number of seconds.", hint="write such as 600.")
    return seconds
