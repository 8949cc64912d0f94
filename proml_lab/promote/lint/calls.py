"""Calls in a notebook, by the full names of what is called, and the texts given to them."""

from __future__ import annotations

import ast
import posixpath
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from proml_lab.promote.lint.subject import Cell, Subject

_PATHS = {"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "os.fspath", "str", "Path"}
_JOINS = {"os.path.join", "posixpath.join"}
_PLACES = {"pathlib.Path.home": "~", "pathlib.Path.cwd": ".", "os.getcwd": "."}
_SAME = {"expanduser", "absolute", "resolve", "as_posix"}


@dataclass(frozen=True, eq=False)
class Call:
    """A call. `name` is ``numpy.random.rand``, or ``.to_csv`` where the owner is a value."""

    cell: Cell
    node: ast.Call
    name: str

    @property
    def line(self) -> int:
        return self.node.lineno

    @property
    def shown(self) -> str:
        """What is called as the author wrote it."""
        return ast.unparse(self.node.func)

    @property
    def owner(self) -> ast.expr | None:
        """What a method is called on."""
        return self.node.func.value if isinstance(self.node.func, ast.Attribute) else None

    @property
    def is_open(self) -> bool:
        """Whether ``*args`` or ``**kwargs`` hide what is given."""
        starred = any(isinstance(arg, ast.Starred) for arg in self.node.args)
        return starred or any(keyword.arg is None for keyword in self.node.keywords)

    def argument(self, place: int, *names: str) -> ast.expr | None:
        """The argument at `place`, or by one of these names; None if it is not given."""
        for keyword in self.node.keywords:
            if keyword.arg in names:
                return keyword.value
        args = self.node.args
        if place < len(args) and not any(isinstance(a, ast.Starred) for a in args[: place + 1]):
            return args[place]
        return None


@dataclass(frozen=True, eq=False)
class Calls:
    """Every call of a notebook, and what its names stand for."""

    subject: Subject

    @cached_property
    def nodes(self) -> tuple[tuple[Cell, ast.AST], ...]:
        """Every node of every cell's tree."""
        return tuple((cell, node) for cell in self.subject.code for node in cell.nodes)

    @cached_property
    def parents(self) -> Mapping[int, ast.AST]:
        """The id of each node to the node that holds it."""
        return {id(child): node for _, node in self.nodes for child in ast.iter_child_nodes(node)}

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Imported name to the full name of what it is."""
        found: dict[str, str] = {}
        for _, node in self.nodes:
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        top = alias.name.partition(".")[0]
                        found[alias.asname or top] = alias.name if alias.asname else top
                case ast.ImportFrom(module=str(module), names=names, level=0):
                    for alias in names:
                        found[alias.asname or alias.name] = f"{module}.{alias.name}"
        return found

    @cached_property
    def all(self) -> tuple[Call, ...]:
        """Every call, in the order of cells and lines."""
        found = [
            Call(cell, node, self.name(node.func))
            for cell, node in self.nodes
            if isinstance(node, ast.Call)
        ]
        return tuple(sorted(found, key=lambda c: (c.cell.number, c.line, c.node.col_offset)))

    @cached_property
    def constants(self) -> Mapping[str, ast.expr]:
        """Names that are assigned once, at the top, and nowhere else."""
        counts = Counter(
            node.id
            for _, node in self.nodes
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )
        found: dict[str, ast.expr] = {}
        for cell in self.subject.code:
            for statement in cell.tree.body:
                match statement:
                    case ast.Assign(targets=[ast.Name(id=name)], value=value):
                        pass
                    case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                        pass
                    case _:
                        continue
                if counts[name] == 1:
                    found[name] = value
        return found

    def name(self, func: ast.expr) -> str:
        """The full name of `func`; ``.method`` for a method of a value."""
        match func:
            case ast.Name(id=name):
                return self.aliases.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                owner = self.name(value)
                root = _root(value)
                known = root in self.aliases and owner and not owner.startswith(".")
                return f"{owner}.{attr}" if known else f".{attr}"
        return ""

    def text(self, node: ast.expr | None, depth: int = 8) -> str | None:
        """The text or path that `node` stands for, if it can be told without running it."""
        if depth == 0:
            return None
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name) if name in self.constants:
                return self.text(self.constants[name], depth - 1)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _joined(self.text(left, depth - 1), self.text(right, depth - 1))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                parts = self.text(left, depth - 1), self.text(right, depth - 1)
                return None if None in parts else "".join(map(str, parts))
            case ast.Call(func=ast.Attribute(value=owner, attr="joinpath"), args=args):
                path = self.text(owner, depth - 1)
                for part in args:
                    path = _joined(path, self.text(part, depth - 1))
                return path
            case ast.Call(func=func, args=[first, *rest]):
                name = self.name(func)
                if name in _PATHS or name in _JOINS:
                    path = self.text(first, depth - 1)
                    for part in rest:
                        path = _joined(path, self.text(part, depth - 1))
                    return path
                if name in ("os.path.expanduser", "os.path.abspath"):
                    return self.text(first, depth - 1)
            case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in _SAME:
                return self.text(owner, depth - 1)
            case ast.Call(func=func) if self.name(func) in _PLACES:
                return _PLACES[self.name(func)]
            case ast.Attribute(value=owner, attr="parent"):
                inner = self.text(owner, depth - 1)
                return None if inner is None else _above(inner)
            case ast.JoinedStr(values=values):
                pieces = [self._piece(value, depth - 1) for value in values]
                return None if None in pieces else "".join(map(str, pieces))
        return None

    def _piece(self, node: ast.expr, depth: int) -> str | None:
        """A part of an f-string, as it comes out."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.FormattedValue(value=value, format_spec=None, conversion=-1):
                made = self.constants.get(value.id) if isinstance(value, ast.Name) else value
                if isinstance(made, ast.Constant) and type(made.value) is int:
                    return str(made.value)
                return self.text(value, depth)
        return None

    def uses(self, node: ast.expr | None, names: frozenset[str], depth: int = 8) -> bool:
        """Whether `node` is made from one of `names`, also by way of other names."""
        if node is None or depth == 0:
            return False
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                if inner.id in names:
                    return True
                made = self.constants.get(inner.id)
                if made is not None and self.uses(made, names, depth - 1):
                    return True
        return False


def _above(path: str) -> str:
    """The folder that holds `path`."""
    if posixpath.basename(path) in ("", ".", ".."):
        return posixpath.join(path, "..")
    return posixpath.dirname(path) or "."


def _joined(left: str | None, right: str | None) -> str | None:
    return None if left is None or right is None else posixpath.join(left, right)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
