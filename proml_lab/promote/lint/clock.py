"""Reads of the wall clock that end up in data: not those that are printed or subtracted."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from proml_lab.promote.lint.calls import Call, Calls
from proml_lab.promote.lint.subject import Seen

_CLOCKS = {
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"),
    *("datetime.date.today", "pandas.Timestamp.now", "pandas.Timestamp.today", "time.ctime"),
    *("pandas.Timestamp.utcnow", "time.time", "time.time_ns", "time.localtime", "time.gmtime"),
    *("time.strftime", "time.asctime", "pendulum.now", "arrow.now", "arrow.utcnow"),
}
_NAMED = {"pandas.Timestamp", "pandas.to_datetime", "numpy.datetime64"}
_SHOWN = {"print", "display", "IPython.display.display", ".info", ".debug", ".warning", ".write"}
_SHOWN |= {"logging.info", "logging.debug", "logging.warning", "warnings.warn", "tqdm.tqdm.write"}
_PURE = {"int", "float", "str", "round", "abs", "repr", "format", "datetime.timedelta", "divmod"}


def check(calls: Calls) -> Iterator[Seen]:
    """PN060: each read of the clock whose value is more than shown or timed."""
    reads = [call for call in calls.all if _reads(call, calls)]
    if not reads:
        return
    flow = _Flow(calls, {id(call.node) for call in reads})
    for call in reads:
        if call.cell.is_parameters or flow.is_data(call.node):
            yield Seen("PN060", call.cell.number, call.line, ast.unparse(call.node))


class _Flow:
    """Where the values of the clock go."""

    def __init__(self, calls: Calls, clocks: set[int]) -> None:
        self.calls = calls
        self.parents = calls.parents
        self.clocks = clocks
        self.following: set[str] = set()
        self.names = {
            target.id
            for _, node in calls.nodes
            if isinstance(node, ast.Assign) and id(node.value) in clocks
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def is_data(self, node: ast.AST) -> bool:
        """Whether the value of `node` goes further than to a screen or into a difference."""
        above = self.parents.get(id(node))
        match above:
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                other = right if left is node else left
                return not self._is_clock(other) and self.is_data(above)
            case ast.Subscript(slice=part) if part is node:
                return True
            case None | ast.Expr() | ast.While():
                return False
            case ast.Assign(targets=targets):
                return any(self._goes_on(target) for target in targets)
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                return self._goes_on(target)
            case ast.Call() if above.func is not node:
                name = self.calls.name(above.func)
                return name not in _SHOWN and (name not in _PURE or self.is_data(above))
        return self.is_data(above) if isinstance(above, ast.expr | ast.keyword) else True

    def _goes_on(self, target: ast.expr) -> bool:
        if not isinstance(target, ast.Name):
            return True
        if target.id in self.following:
            return False
        self.following.add(target.id)
        uses = [
            node
            for _, node in self.calls.nodes
            if isinstance(node, ast.Name)
            and node.id == target.id
            and isinstance(node.ctx, ast.Load)
        ]
        found = any(self.is_data(use) for use in uses)
        self.following.discard(target.id)
        return found

    def _is_clock(self, node: ast.expr) -> bool:
        """Whether `node` is the clock itself, or a name that is set from it."""
        named = isinstance(node, ast.Name) and node.id in self.names | self.following
        return named or id(node) in self.clocks


def _reads(call: Call, calls: Calls) -> bool:
    if call.name in ("time.localtime", "time.gmtime", "time.ctime", "time.asctime"):
        return not call.node.args
    if call.name == "time.strftime":
        return len(call.node.args) < 2
    if call.name in _NAMED:
        return calls.text(call.argument(0)) in ("now", "today")
    return call.name in _CLOCKS
