"""The notebook as the checks see it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from proml_lab.errors import ProMLError
from proml_lab.promote.lint import source
from proml_lab.promote.lint.source import Magic, Parsed
from proml_lab.promote.notebook import INJECTED, TAG

if TYPE_CHECKING:
    from nbformat import NotebookNode

Data = Mapping[str, Any]


class Seen(NamedTuple):
    """What a check found: in which cell and line, counted from 1; None where there is none."""

    code: str
    cell: int | None
    line: int | None
    text: str


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell; `number` is its place among all cells, text included, from 1."""

    number: int
    is_code: bool
    source: str
    metadata: Data = field(repr=False)
    outputs: tuple[Data, ...] = field(repr=False)
    count: int | None

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(map(str, self.metadata.get("tags", ())))

    @property
    def is_parameters(self) -> bool:
        return self.is_code and TAG in self.tags

    @cached_property
    def parsed(self) -> Parsed:
        return source.parse(self.source)

    @property
    def tree(self) -> ast.Module:
        return self.parsed.tree

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree but the contexts of names, outer ones first."""
        found: list[ast.AST] = [self.tree]
        for node in found:
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, list):
                    found += [one for one in value if isinstance(one, ast.AST)]
                elif isinstance(value, ast.AST) and name != "ctx":
                    found.append(value)
        return tuple(found)

    @property
    def magics(self) -> tuple[Magic, ...]:
        return self.parsed.magics

    def line(self, number: int) -> str:
        """The text of a line, without the white space around it."""
        lines = self.source.split("\n")
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""


@dataclass(frozen=True, eq=False)
class Subject:
    """A notebook to check.

    Attributes
    ----------
    cells
        All of its cells but those that a promotion takes out.
    metadata
        The notebook's own.
    folder
        Where its kernel works.
    root
        The workspace's folder; None where there is none.
    """

    path: Path
    cells: tuple[Cell, ...]
    metadata: Data
    folder: Path
    root: Path | None

    @cached_property
    def code(self) -> tuple[Cell, ...]:
        """The code cells."""
        return tuple(cell for cell in self.cells if cell.is_code)

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Names that the parameters cells declare."""
        found: set[str] = set()
        for cell in self.code:
            if cell.is_parameters:
                found |= {n.id for n in cell.nodes if isinstance(n, ast.Name) and _stored(n)}
        return frozenset(found)

    def lacks(self, source: str) -> bool:
        """Whether the workspace surely has no source of that name."""
        return self._sources is not None and source not in self._sources

    @cached_property
    def _sources(self) -> frozenset[str] | None:
        """Those of the workspace; None where it has none that can be read."""
        from proml_lab.marketplace.workspace import open_workspace

        try:
            return frozenset(open_workspace(self.root).sources()) if self.root else None
        except ProMLError:
            return None

    def magics(self) -> Iterator[tuple[Cell, Magic]]:
        """Every magic with its cell."""
        for cell in self.code:
            for magic in cell.magics:
                yield cell, magic


def subject(node: NotebookNode, path: Path, root: Path | None) -> Subject:
    """The notebook `node`, read from `path`, in the workspace in `root`."""
    cells = tuple(
        Cell(
            number=number,
            is_code=cell.cell_type == "code",
            source=cell.source,
            metadata=cell.metadata,
            outputs=tuple(cell.get("outputs", ())),
            count=cell.get("execution_count"),
        )
        for number, cell in enumerate(node.cells, start=1)
        if INJECTED not in cell.metadata.get("tags", ())
    )
    inside = root is None or path.is_relative_to(root)
    folder = path.parent if inside else root
    return Subject(path, cells, node.metadata, folder or path.parent, root)


def _stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)
