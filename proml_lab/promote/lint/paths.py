"""Which names are there on every path that leads to a point of the run."""

from __future__ import annotations

import ast
from collections.abc import Mapping

State = frozenset[str] | None
"""Names that are there whichever way was taken; None where no way leads."""
_PASSING = {"enumerate", "reversed", "sorted", "list", "tuple", "set", "tqdm", "iter", "zip"}
_ENDING = {"exit", "quit", "sys.exit", "os._exit"}
_VIEWS = {"items", "keys", "values"}


def joined(*states: State) -> State:
    """The names that are there where these ways meet."""
    reached = [state for state in states if state is not None]
    return frozenset.intersection(*reached) if reached else None


def ends(node: ast.stmt) -> bool:
    """Whether nothing that stands behind `node` in its block is run."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func) in _ENDING
    return isinstance(node, ast.Raise | ast.Return)


def is_true(test: ast.expr) -> bool:
    """Whether a condition surely holds in a notebook."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    return ast.unparse(test).replace('"', "'") == "__name__ == '__main__'"


def has_some(node: ast.expr, constants: Mapping[str, ast.expr], depth: int = 6) -> bool:
    """Whether a loop over `node` surely runs at least once."""
    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return any(not isinstance(part, ast.Starred) for part in parts)
        case ast.Dict(keys=keys):
            return any(key is not None for key in keys)
        case ast.Constant(value=str(text)):
            return bool(text)
        case ast.Name(id=name) if name in constants and depth:
            return has_some(constants[name], constants, depth - 1)
        case ast.Call(func=ast.Name(id="range"), args=args):
            numbers = [_number(arg, constants) for arg in args]
            known = [n for n in numbers if n is not None]
            if len(known) != len(numbers) or known[2:] == [0] or not known:
                return False
            return len(range(*known[:3])) > 0
        case ast.Call(func=ast.Name(id=name), args=[_, *_]) if name in _PASSING:
            given = node.args if name == "zip" else node.args[:1]
            return bool(depth) and all(has_some(arg, constants, depth - 1) for arg in given)
        case ast.Call(func=ast.Attribute(value=owner, attr=attr), args=[]) if attr in _VIEWS:
            return has_some(owner, constants, depth)
    return False


def _number(node: ast.expr, constants: Mapping[str, ast.expr]) -> int | None:
    if isinstance(node, ast.Name):
        node = constants.get(node.id, node)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None
