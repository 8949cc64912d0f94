"""Which names a piece of Python binds, by Python's own rules of scope."""

from __future__ import annotations

import ast
import builtins
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_IPYTHON = {"display", "get_ipython", "In", "Out", "exit", "quit", "_", "__", "___", "reveal_type"}
_HISTORY = re.compile(r"_(?:\d+|i+|i\d+|ih|oh|dh|exit_code)|__\w+__")


def is_known(name: str) -> bool:
    """Whether every fresh kernel has `name`: Python's own, or IPython's."""
    if name == "%proml":
        return _is_loaded()
    return hasattr(builtins, name) or name in _IPYTHON or bool(_HISTORY.fullmatch(name))


def _is_loaded() -> bool:
    """Whether the profile of IPython here speaks of the extension, and so may load it."""
    folder = Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "profile_default"
    files = [*folder.glob("ipython*_config.*"), *folder.glob("startup/*.*py")]
    return any("proml_lab" in f.read_text(encoding="utf-8", errors="replace") for f in files)


def bindings(nodes: Iterable[ast.AST], *, bare: bool = False) -> Iterator[str]:
    """Names that `nodes` bind in their own scope, ``*`` for a star import.

    `bare`: also what is only annotated or added to, which makes a name a function's own.
    """
    todo = list(nodes)
    while todo:
        node = todo.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
                continue
            case ast.ClassDef(name=name):
                yield name
                continue
            case ast.Lambda():
                continue
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Import(names=names):
                yield from (a.asname or a.name.partition(".")[0] for a in names)
            case ast.ImportFrom(names=names):
                yield from (a.asname or a.name for a in names)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield name
            case ast.AnnAssign(target=ast.Name(), value=None) if not bare:
                continue
            case ast.AugAssign(target=ast.Name(), value=value) if not bare:
                todo.append(value)
                continue
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                todo += [n for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
                continue
        todo.extend(ast.iter_child_nodes(node))


def locals_of(function: Function) -> set[str]:
    """Names that are the function's own: arguments and what it binds, less what it declares."""
    found = {arg.arg for arg in _arguments(function.args)}
    if not isinstance(function, ast.Lambda):
        found |= set(bindings(function.body, bare=True))
        found -= declared(function)
    return found


def declared(function: ast.AST) -> set[str]:
    """Names that `function` itself takes from outside by ``global`` or ``nonlocal``."""
    found: set[str] = set()
    todo = list(ast.iter_child_nodes(function))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            found.update(node.names)
        elif not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            todo.extend(ast.iter_child_nodes(node))
    return found


def globals_set(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that one of `nodes` declares ``global``: calling that function may bind them."""
    return {name for node in nodes if isinstance(node, ast.Global) for name in node.names}


def ends_early(statement: ast.stmt) -> bool:
    """Whether what stands after `statement` in a function may not be reached."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue):
            return True
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            todo.extend(ast.iter_child_nodes(node))
    return False


def runs_when_called(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a call runs the body itself: no decorator, generator or coroutine."""
    if isinstance(function, ast.AsyncFunctionDef) or function.decorator_list:
        return False
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return False
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            todo.extend(ast.iter_child_nodes(node))
    return True


def _arguments(args: ast.arguments) -> list[ast.arg]:
    rest = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *rest]
