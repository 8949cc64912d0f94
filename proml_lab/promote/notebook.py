"""Notebooks on disk: read, checked for what a promotion needs, and written back."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import MissingExtraError, NotebookError, choose
from proml_lab.promote import parameters
from proml_lab.promote.kernelspec import require_python
from proml_lab.promote.parameters import Given, Parameter, Text, Value

if TYPE_CHECKING:
    from nbformat import NotebookNode

TAG = "parameters"
INJECTED = "injected-parameters"
_PATH = "give the path of an .ipynb file."
_FEW = 5


@dataclass(frozen=True)
class NotebookInfo:
    """A notebook that can be promoted, and what it lets others set.

    Attributes
    ----------
    path
        Where it was read from.
    parameters
        What its `parameters` cell declares, in order.
    n_cells
        How many cells it has, text included.
    """

    path: Path
    parameters: tuple[Parameter, ...]
    n_cells: int
    node: NotebookNode = field(repr=False, compare=False)

    @property
    def code(self) -> list[str]:
        """The sources of its code cells."""
        return [cell.source for cell in self.node.cells if cell.cell_type == "code"]

    def bind(self, values: Mapping[str, object]) -> dict[str, Value]:
        """`values` checked; raises ParameterError that names every mistake."""
        return parameters.bind(self.parameters, values, where=self.path.name)

    def read(self, texts: Mapping[str, Text], given: Given | None = None) -> dict[str, Value]:
        """`texts`, as typed by a person, as values of the declared types; they win over `given`.

        Raises
        ------
        ParameterError
            Every mistake, a line each.
        """
        file = given or Given()
        return parameters.read(self.parameters, texts, file, where=self.path.name)

    def values(self, bound: Mapping[str, Value]) -> dict[str, object]:
        """Every parameter's value in a run with `bound`, as JSON: given, else the default."""
        return {p.name: _shown(bound.get(p.name, p.default)) for p in self.parameters}

    def set_below(self, bound: Mapping[str, Value]) -> dict[str, Value]:
        """What a run with `bound` sets below the parameters cell.

        Beside `bound` the defaults whose text makes another object than the value of their type,
        such as ``rate: float = 1``: so the kernel has the very values that are recorded.
        """
        told = {p.name: p.default for p in self.parameters if not p.as_written}
        both = {**told, **bound}
        return {p.name: both[p.name] for p in self.parameters if p.name in both}

    def frame(self) -> pl.DataFrame:
        """One row a parameter: ``name``, ``type``, ``allowed``, ``default``, ``help``."""
        rows = [
            (p.name, str(p.type), p.type.allowed, p.text or "required", p.help)
            for p in self.parameters
        ]
        names = ["name", "type", "allowed", "default", "help"]
        return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def inspect(notebook: str | Path) -> NotebookInfo:
    """Read a notebook and what its `parameters` cell declares; nothing is run.

    Raises
    ------
    NotebookError
        No such file, not a notebook, not Python, or not exactly one cell tagged `parameters`.
    """
    path = Path(notebook).expanduser().absolute()
    node = read(path)
    tagged = [
        (number, cell)
        for number, cell in enumerate(node.cells, start=1)
        if cell.cell_type == "code" and TAG in cell.metadata.get("tags", [])
    ]
    if len(tagged) != 1:
        raise _tags_error(path, [number for number, _ in tagged], node.metadata)
    found = parameters.declared(tagged[0][1].source, where=path.name)
    return NotebookInfo(path, found, len(node.cells), node)


def read(path: Path) -> NotebookNode:
    """The notebook in `path` in format 4; raises NotebookError if it is none of Python."""
    node = _read(path)
    require_python(node.metadata, where=path.name)
    return node


def prepared(info: NotebookInfo, bound: Mapping[str, Value]) -> NotebookNode:
    """A copy of the notebook, clean of old outputs, with `bound` set after its parameters cell."""
    from nbformat.v4 import new_code_cell

    node = clean(info.node)
    node.cells = [c for c in node.cells if INJECTED not in c.metadata.get("tags", [])]
    if below := info.set_below(bound):
        source = parameters.cell(info.parameters, below)
        tagged = next(i for i, c in enumerate(node.cells) if TAG in c.metadata.get("tags", []))
        cell = new_code_cell(  # type: ignore[no-untyped-call]
            source, id="run-parameters", metadata={"tags": [INJECTED]}
        )
        node.cells.insert(tagged + 1, cell)
    shown = {name: _shown(value) for name, value in bound.items()}
    node.metadata["papermill"] = {"default_parameters": {}, "parameters": shown}
    for cell in node.cells:
        cell.metadata.setdefault("tags", [])
    return node


def clean(node: NotebookNode) -> NotebookNode:
    """A copy without what a run leaves behind: outputs, counts, times, widget states."""
    bare = copy.deepcopy(node)
    for key in ("papermill", "widgets"):
        bare.metadata.pop(key, None)
    for cell in bare.cells:
        for key in ("papermill", "execution", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def write(node: NotebookNode, path: Path) -> None:
    """Write the notebook whole: a crash leaves the old file or none, never a part."""
    import nbformat

    text = str(nbformat.writes(node, version=4)) + "\n"  # type: ignore[no-untyped-call]
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _read(path: Path) -> NotebookNode:
    try:
        import nbformat
    except ImportError:
        raise MissingExtraError("The part that runs notebooks", extra="lab") from None
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        beside = [p.name for p in path.parent.glob("*.ipynb")] if path.parent.is_dir() else []
        raise NotebookError(
            f"There is no notebook {path.name!r} in {path.parent}.",
            hint=choose(path.name, beside) if beside else "check the path.",
        ) from None
    except IsADirectoryError:
        inside = sorted(p.name for p in path.glob("*.ipynb"))
        raise NotebookError(
            f"{path.name} is a folder, not a notebook.",
            hint=f"in it there are {', '.join(inside[:_FEW])}." if inside else _PATH,
        ) from None
    except UnicodeDecodeError:
        raise NotebookError(
            f"{path.name} is not a notebook: it is not text but binary data.", hint=_PATH
        ) from None
    except OSError as error:
        raise NotebookError(
            f"{path} cannot be read: {(error.strerror or str(error)).lower()}.",
            hint="check the file and its permissions.",
        ) from None
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotebookError(
            f"{path.name} is not a notebook: line {error.lineno} is not JSON ({error.msg}).",
            hint=_PATH,
        ) from None
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise NotebookError(
            f"{path.name} is not a notebook: it is JSON without 'nbformat'.",
            hint=_PATH,
        )
    _identify(data.get("cells", []))
    try:
        node = _upgraded(json.dumps(data))
        node.nbformat_minor = max(node.nbformat_minor, 5)
        _identify(node.cells)
        nbformat.validate(node)
    except (nbformat.ValidationError, ValueError, KeyError, AttributeError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NotebookError(f"{path.name} is not a valid notebook: {reason}.") from None
    return node


def _upgraded(text: str) -> NotebookNode:
    """The notebook in `text` as format 4, whatever format it has."""
    import nbformat

    given = nbformat.reader.reads(text)  # type: ignore[no-untyped-call]
    node: NotebookNode = nbformat.convert(given, to_version=4)  # type: ignore[no-untyped-call]
    return node


def _identify(cells: object) -> None:
    """Give cells without an id one that depends on place and source only."""
    for number, cell in enumerate(cells if isinstance(cells, list) else []):
        if isinstance(cell, dict) and not cell.get("id"):
            source = f"{number}{cell.get('source', '')}"
            cell["id"] = hashlib.sha256(source.encode()).hexdigest()[:8]


def _tags_error(path: Path, numbers: list[int], metadata: Mapping[str, object]) -> NotebookError:
    given = metadata.get("orig_nbformat", 4)  # noted where an older format was read
    if not numbers and given in (1, 2, 3):
        return NotebookError(
            f"{path.name} has no cell tagged 'parameters'; it is in the old format {given}.",
            hint=f"run: jupyter nbconvert --to notebook --nbformat 4 --inplace {path.name}; "
            "then give the tag 'parameters' to one cell.",
        )
    if not numbers:
        return NotebookError(
            f"{path.name} has no cell tagged 'parameters'.",
            hint="put what others may set into one cell, such as 'n_trees: int = 300', and give "
            "that cell the tag 'parameters' (an empty cell will do).",
        )
    listed = ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"
    return NotebookError(
        f"{path.name} has {len(numbers)} cells tagged 'parameters': {listed}.",
        hint="keep the tag on one cell.",
    )


def _shown(value: Value) -> object:
    """`value` as JSON: dates in ISO 8601."""
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
