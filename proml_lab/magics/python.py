"""The Python that a verb stands for, as ``--code`` prints it."""

from __future__ import annotations

import ast
from pathlib import Path

import proml_lab
from proml_lab.errors import UsageError
from proml_lab.magics.parser import Namespace

_ELSEWHERE = {
    "Picture": "proml_lab.magics.explain",
    "alias": "proml_lab.promote",
    "difference": "proml_lab.promote",
    "cross_validate": "proml_lab.validation",
    "draft": "proml_lab.authoring",
    "draft_views": "proml_lab.marketplace.draft",
    "export_artifact": "proml_lab.promote.trust",
    "import_artifact": "proml_lab.promote.trust",
    "gc": "proml_lab.promote",
    "read_values": "proml_lab.promote",
    "lint": "proml_lab.promote",
    "described": "proml_lab.marketplace.know.describe",
    "health": "proml_lab.marketplace.know.health",
    "impact": "proml_lab.marketplace.know.impact",
    "lineage": "proml_lab.marketplace.know.lineage",
    "staged_impact": "proml_lab.marketplace.know.staged",
    "usage": "proml_lab.marketplace.know.usage",
    "load": "proml_lab.learners",
    "make_flights": "proml_lab.marketplace.example",
    "make_movies": "proml_lab.marketplace.example",
    "record": "proml_lab.promote.outputs",
    "read_grid": "proml_lab.promote",
    "sweep": "proml_lab.promote",
    "similar": "proml_lab.marketplace.find.similar",
    "suggest": "proml_lab.marketplace.find.suggest",
    "rollback": "proml_lab.promote",
    "show": "proml_lab.promote",
    "read_files": "proml_lab.promote.parameters",
    "publish": "proml_lab.marketplace.publish.publish",
    "read_dataset": "proml_lab.magics.keep",
    "write": "proml_lab.magics.keep",
    "promoted": "proml_lab.promote.uses",
    "uses": "proml_lab.promote.uses",
    "with_users": "proml_lab.magics.users",
    "Browse": "proml_lab.widgets.browse",
}

_FRAMES = {"features", "browse", "compare", "explain", "artifacts", "lint"}
_FRAMES |= {"features_similar", "features_suggest"}
"""Verbs whose results are reports, which are kept as their frames."""


class Source(str):
    """Python source, which is written as it is; any other value is written by its `repr`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def call(function: str, *values: object, **options: object) -> Source:
    """``function(value, option=value)``; options that are None, False or empty are left out."""
    given = [repr(value) for value in values]
    given += [f"{name}={value!r}" for name, value in options.items() if not _absent(value)]
    return Source(f"{function}({', '.join(given)})")


def script(*lines: str) -> str:
    """`lines` below the imports that they need."""
    body = "\n".join(lines)
    words = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    imports = [f"from {home} import {name}" for name, home in _ELSEWHERE.items() if name in words]
    if public := sorted(words & set(proml_lab.__all__)):
        imports.insert(0, f"from proml_lab import {', '.join(public)}")
    if imports:
        imports.append("")
    if "Path" in words:
        imports[:0] = ["from pathlib import Path", ""]
    return "\n".join([*imports, body])


def kept(verb: str, source: str, output: str, *, as_file: bool) -> str:
    """`source`, whose last line is the result of `verb`, and that result kept under `output`.

    `output` is a variable, or with `as_file` a new file or folder, as `keep.write` makes it.

    Raises
    ------
    UsageError
        What `verb` returns has no form as a file.
    """
    statements = ast.parse(source).body
    first = next(node for node in statements if not isinstance(node, ast.ImportFrom))
    lines = source.splitlines()
    name, saving = _saving(verb, output) if as_file else (output, [])
    last = statements[-1].lineno - 1
    lines[last] = f"{name} = {lines[last]}"
    return script(*lines[first.lineno - 1 :], *saving)


def _saving(verb: str, output: str) -> tuple[str, list[str]]:
    """(what the result is called, the lines that save it at the path `output`)."""
    path = call("Path", output)
    parent = Path(output).parent
    folder = [f"{call('Path', str(parent))}.mkdir(parents=True, exist_ok=True)"]
    made = folder if parent != Path() else []
    match verb.partition("_")[0]:
        case "fit":
            return "model", [f"model.save({path})"]
        case "schema":
            return "schema", [f"write(schema, {path})"]
        case "dataset":  # with the roles of its columns, which only `write` keeps
            return "dataset", [f"write(dataset, {path})"]
        case "spec":
            return "spec", [*made, f"{path}.write_text(spec.to_yaml(), encoding='utf-8')"]
        case (
            "features"
            | "features_similar"
            | "features_suggest"
            | "browse"
            | "compare"
            | "cv"
            | "explain"
            | "artifacts"
            | "lint"
        ):
            form = "csv" if output.endswith(".csv") else "parquet"
            return "report", [*made, f"report.frame().write_{form}({output!r})"]
    raise UsageError(f"What {verb!r} returns cannot be kept in a file.", hint="leave -o out.")


def workspace(args: Namespace) -> Source | None:
    """How to get the workspace that `args` name, or None for the one around this folder."""
    return call("open_workspace", args.workspace) if args.workspace else None


def opened(args: Namespace) -> Source:
    """How to open the workspace that `args` name, or the one around this folder."""
    return workspace(args) or call("open_workspace")


def parsed(body: str) -> Source:
    """How to read the spec in the text `body`, on several lines where Python allows it."""
    text = body.strip()
    plain = "\\" not in text and '"""' not in text and not text.endswith('"')
    quoted = Source(f'"""\n{text}\n"""') if plain else text
    return call("ModelSpec.parse", quoted)


def value(name: str) -> Source:
    """How to get what is called `name`: a variable, or what a file, folder or artifact holds."""
    if name.isidentifier() and not (Path(name) / "model.json").is_file():
        return Source(name)
    if name.endswith((".yaml", ".yml")):
        return spec(name)
    if name.endswith(".parquet"):
        return call("read_dataset", name)
    return call("load_artifact", name) if "@" in name else call("load", name)


def spec(name: str) -> Source:
    """How to get the spec called `name`: a variable, a file, or a saved model's own."""
    if (Path(name) / "model.json").is_file():
        return Source(f"{call('load', name)}.spec")
    return Source(name) if name.isidentifier() else call("ModelSpec.read", name)


def model(name: str, workspace: Source | None = None) -> Source:
    """How to get the model called `name`: a variable, an artifact's, a file's or a folder's."""
    if name.isidentifier() and not (Path(name) / "model.json").is_file():
        return Source(name)
    if name.endswith((".yaml", ".yml")):
        return call("fit", spec(name), workspace=workspace)
    if "@" in name:
        return Source(f"{call('load_artifact', name, workspace=workspace)}.model")
    return call("load", name)


def dataset(name: str, workspace: Source | None = None) -> Source:
    """How to get the dataset called `name`: a variable, a file, or what a spec file asks for."""
    if name.isidentifier():
        return Source(name)
    if name.endswith((".yaml", ".yml")):
        return call(f"{workspace or 'open_workspace()'}.dataset", spec(name))
    return call("read_dataset", name)


def _absent(value: object) -> bool:
    """None, False, or an empty text, list or mapping; but 0 is a value."""
    return value is None or value is False or value in ("", [], {}, ())
