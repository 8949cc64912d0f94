"""What Python files define of Feast's objects: their syntax is read, nothing of them is run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PurePosixPath

from proml_lab.errors import SpecError

_LENGTHS = ("weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds")


@dataclass(frozen=True)
class Unknown:
    """A value that only running the file could tell."""

    text: str


@dataclass(frozen=True, eq=False)
class Made:
    """One of Feast's objects: ``FeatureView(name=…)``, or a function that it decorates."""

    kind: str
    given: tuple[object, ...]
    named: Mapping[str, object]
    file: str
    line: int

    @property
    def place(self) -> str:
        """``definitions.py:12``."""
        return f"{self.file}:{self.line}"

    def get(self, name: str, position: int | None = None) -> object:
        """An argument by name, or by position; None where it is not given."""
        if name in self.named:
            return self.named[name]
        there = position is not None and position < len(self.given)
        return self.given[position] if there and position is not None else None


@dataclass(frozen=True)
class Symbol:
    """A name that a module outside of the repository gives: ``feast.types.Int64``."""

    path: str

    @property
    def last(self) -> str:
        return self.path.rpartition(".")[2]


@dataclass(eq=False)
class Module:
    """What the names of one file stand for; `made` are the objects that it makes, in order."""

    names: dict[str, object] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)


def read(root: Path) -> list[Made]:
    """Every object of Feast's that the files below `root` make at their top level, in order.

    Raises
    ------
    SpecError
        A file is no Python that can be parsed.
    """
    files = sorted(
        file
        for file in root.rglob("*.py")
        if not any(part.startswith((".", "__pycache__")) for part in file.relative_to(root).parts)
    )
    modules: dict[Path, Module] = {}
    for file in files:
        _module(file, root, modules)
    return [one for module in modules.values() for one in module.made]


def _module(file: Path, root: Path, modules: dict[Path, Module]) -> Module:
    if file in modules:
        return modules[file]
    modules[file] = module = Module()
    name = str(file.relative_to(root))
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"), filename=name)
    except (SyntaxError, ValueError, OSError) as error:
        line = getattr(error, "lineno", None) or 1
        raise SpecError(
            f"{file}:{line}: this is no Python that can be read: {getattr(error, 'msg', error)}.",
            hint="definitions are read as Feast itself would read them; mend the file.",
        ) from None
    reader = _Reader(module, root, file, name, modules)
    for node in _statements(tree.body):
        reader.take(node)
    return module


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that surely run: those at the top, and the first part of a ``try``."""
    for node in body:
        if isinstance(node, ast.Try):
            yield from _statements(node.body)
        else:
            yield node


class _Reader:
    """Reads one file's statements into its module."""

    def __init__(
        self, module: Module, root: Path, file: Path, name: str, modules: dict[Path, Module]
    ) -> None:
        self.module, self.root, self.file, self.name = module, root, file, name
        self.modules = modules

    def take(self, node: ast.stmt) -> None:
        names = self.module.names
        match node:
            case ast.Import():
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    names[alias.asname or top] = Symbol(alias.name if alias.asname else top)
            case ast.ImportFrom():
                self._from(node)
            case ast.Assign(targets=[ast.Name(id=target)]):
                names[target] = self.value(node.value)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as given):
                names[target] = self.value(given)
            case ast.FunctionDef():
                names[node.name] = self._decorated(node)
            case ast.Expr():
                self.value(node.value)
            case _:
                for inner in ast.walk(node):  # names that a loop or a condition sets are not known
                    if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                        names[inner.id] = Unknown(inner.id)

    def _from(self, node: ast.ImportFrom) -> None:
        base = self.file.parent if node.level else self.root
        for _ in range(node.level - 1):
            base = base.parent
        parts = (node.module or "").split(".") if node.module else []
        place = base.joinpath(*parts)
        beside = self.file.parent.joinpath(*parts)
        found = [p for p in (place, beside) if p.with_suffix(".py").is_file()] if parts else []
        for alias in node.names:
            value: object = Symbol(f"{node.module}.{alias.name}")
            if found:
                other = _module(found[0].with_suffix(".py"), self.root, self.modules)
                value = other.names.get(alias.name, Unknown(alias.name))
            self.module.names[alias.asname or alias.name] = value

    def _decorated(self, node: ast.FunctionDef) -> object:
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call):
                continue
            called = self.value(decorator.func)
            if isinstance(called, Symbol) and called.path.startswith("feast"):
                made = self._make(called.last, decorator)
                named = {"name": node.name, **made.named}
                changed = Made(made.kind, made.given, named, self.name, node.lineno)
                self.module.made[-1] = changed
                return changed
        return Unknown(node.name)

    def value(self, node: ast.expr) -> object:
        """What an expression stands for, if that can be told without running it."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                if node.id == "__file__":
                    return PurePosixPath(self.file.resolve())
                return self.module.names.get(node.id, Symbol(node.id))
            case ast.List() | ast.Tuple():
                return [self.value(one) for one in node.elts]
            case ast.Dict():
                return {
                    self.value(key): self.value(one)
                    for key, one in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant)
                }
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self.value(node.value)
            case ast.JoinedStr():
                parts = [self.value(p.value if isinstance(p, ast.FormattedValue) else p)
                         for p in node.values]  # fmt: skip
                known = all(isinstance(part, str | int | PurePosixPath) for part in parts)
                return "".join(map(str, parts)) if known else Unknown(ast.unparse(node))
            case ast.BinOp():
                return self._joined(node)
            case ast.UnaryOp(op=ast.USub()):
                inner = self.value(node.operand)
                return -inner if isinstance(inner, int | float) else Unknown(ast.unparse(node))
            case ast.Call():
                return self._call(node)
        return Unknown(ast.unparse(node))

    def _attribute(self, node: ast.Attribute) -> object:
        base = self.value(node.value)
        if isinstance(base, Symbol):
            return Symbol(f"{base.path}.{node.attr}")
        if isinstance(base, PurePosixPath) and node.attr == "parent":
            return base.parent
        return Unknown(ast.unparse(node))

    def _joined(self, node: ast.BinOp) -> object:
        left, right = self.value(node.left), self.value(node.right)
        match node.op, left, right:
            case ast.Add(), str(), str():
                return left + right
            case ast.Add(), list(), list():
                return [*left, *right]
            case ast.Mult(), int() | float() | timedelta(), int() | float():
                return left * right
            case ast.Div(), PurePosixPath(), str() | PurePosixPath():
                return left / right
        return Unknown(ast.unparse(node))

    def _call(self, node: ast.Call) -> object:
        called = self.value(node.func)
        if isinstance(called, Unknown) and isinstance(node.func, ast.Attribute):
            base = self.value(node.func.value)  # Path(__file__).resolve() and the like
            same = isinstance(base, PurePosixPath) and node.func.attr in ("resolve", "absolute")
            return base if same else Unknown(ast.unparse(node))
        if not isinstance(called, Symbol):
            return Unknown(ast.unparse(node))
        if called.path in _KNOWN_CALLS:
            given = [self.value(one) for one in node.args]
            named = {one.arg: self.value(one.value) for one in node.keywords if one.arg}
            return _KNOWN_CALLS[called.path](given, named) or Unknown(ast.unparse(node))
        if called.path.startswith("feast"):
            return self._make(called.last, node)
        return Unknown(ast.unparse(node))

    def _make(self, kind: str, node: ast.Call) -> Made:
        given = tuple(self.value(one) for one in node.args)
        named = {one.arg: self.value(one.value) for one in node.keywords if one.arg}
        made = Made(kind, given, named, self.name, node.lineno)
        self.module.made.append(made)
        return made


def _length(given: list[object], named: dict[str, object]) -> object:
    order = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
    said = dict(zip(order, given, strict=False)) | named
    numbers = {name: value for name, value in said.items() if isinstance(value, int | float)}
    if len(numbers) < len(said) or not set(numbers) <= set(_LENGTHS):
        return None
    return timedelta(**numbers)


def _path(given: list[object], _: dict[str, object]) -> object:
    if not given or not all(isinstance(one, str | PurePosixPath) for one in given):
        return None
    return PurePosixPath(*map(str, given))


def _folder(given: list[object], named: dict[str, object]) -> object:
    found = _path(given, named)
    return found.parent if isinstance(found, PurePosixPath) else None


def _text(given: list[object], _: dict[str, object]) -> object:
    return str(given[0]) if given and isinstance(given[0], str | PurePosixPath) else None


_KNOWN_CALLS: dict[str, Callable[[list[object], dict[str, object]], object]] = {
    **dict.fromkeys(("timedelta", "datetime.timedelta", "datetime.datetime.timedelta"), _length),
    **dict.fromkeys(("pathlib.Path", "Path", "os.path.join", "os.path.abspath"), _path),
    **dict.fromkeys(("os.path.realpath", "os.path.normpath"), _path),
    "os.path.dirname": _folder,
    "str": _text,
}
