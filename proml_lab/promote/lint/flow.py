"""Static data flow: which names are there when the cells run from top to bottom.

A use is certain if the run must come by it: not in a branch, a loop's body, a `try`, a function
that is not surely called. Only certain uses are errors.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from proml_lab.promote.lint import scopes
from proml_lab.promote.lint.effects import Effects, effects
from proml_lab.promote.lint.source import MARK
from proml_lab.promote.lint.subject import Cell, Seen, Subject

_SWALLOW = {"suppress", "raises", "ignored", "assertRaises"}
_HIDING = {"exec", "globals", "run_line_magic", "run_cell_magic", "run_cell"}


class _Read(NamedTuple):
    """A function's read of a name from outside of it."""

    name: str
    cell: Cell
    line: int
    certain: bool
    called: bool


class _Scope(NamedTuple):
    """`kind` is function, class or block (a comprehension)."""

    kind: str
    names: set[str]


def check(subject: Subject) -> Iterator[Seen]:
    """PN020, PN021 and PN022: each name once, where it is first missing."""
    walker = _Walker(subject)
    for cell in subject.code:
        walker.cell_begins(cell)
        for statement in cell.tree.body:
            walker.begin(statement)
            walker.statement(statement, "raises-exception" not in cell.tags)
    walker.finish()
    yield from sorted(walker.seen, key=lambda s: (s.cell or 0, s.line or 0))


class _Walker:
    """Goes through all cells in the order in which they run."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.homes = _homes(subject)
        self.outer = {name for cell in subject.code for name in scopes.globals_set(cell.nodes)}
        self.bound: set[str] = set()
        self.deleted: dict[str, int] = {}
        self.functions: dict[str, list[_Read]] = {}
        self.later: list[_Read] = []
        self.scopes: list[_Scope] = []
        self.reads: list[_Read] | None = None
        self.within: set[str] = set()
        self.opaque = False
        self.seen: list[Seen] = []
        self.told: set[str] = set()

    def cell_begins(self, cell: Cell) -> None:
        self.cell = cell
        if cell.parsed.translated or cell.parsed.error:
            self.opaque = True

    def begin(self, statement: ast.stmt) -> None:
        """A statement of a cell's own begins."""
        self.within = set(scopes.bindings([statement], bare=self.cell.is_parameters))

    def finish(self) -> None:
        """What functions read that never are called for sure, and that nothing ever makes."""
        for read in self.later:
            if not self.opaque and read.name not in self.homes:
                self._tell("PN022", read.name, read.cell, read.line, "nothing defines it")

    # names ---------------------------------------------------------------------------------

    def bind(self, name: str) -> None:
        if name == "*":
            self.opaque = True
            return
        for scope in reversed(self.scopes):
            if scope.kind == "class":
                scope.names.add(name)
            if scope.kind != "block":
                return
        self.bound.add(name)
        self.functions.pop(name, None)
        self.deleted.pop(name, None)

    def use(self, name: str, line: int, certain: bool, *, called: bool = False) -> None:
        if self._is_local(name):
            return
        read = _Read(name, self.cell, line, certain, called)
        if self.reads is not None:
            self.reads.append(read)
            return
        self._check(read, certain)
        if called and name in self.functions and name in self.bound:
            self._call(name, certain, {name})

    def _is_local(self, name: str) -> bool:
        direct = True
        for scope in reversed(self.scopes):
            if (direct or scope.kind != "class") and name in scope.names:
                return True
            direct = direct and scope.kind == "block"
        return False

    def _call(self, function: str, certain: bool, seen: set[str]) -> None:
        """`function` is called here: what its body reads must be there by now."""
        for read in self.functions[function]:
            self._check(read, certain and read.certain, via=function)
            if read.called and read.name in self.functions and read.name not in seen:
                self._call(read.name, certain and read.certain, seen | {read.name})

    def _check(self, read: _Read, certain: bool, via: str = "") -> None:
        name = read.name
        if name in self.bound or self.opaque or scopes.is_known(name):
            return
        if not certain and (name in self.within or (via and name in self.homes)):
            return
        by = f", called in cell {self.cell.number}" if via else ""
        if name in self.deleted:
            why = f"cell {self.deleted[name]} deleted it{by}"
        elif name in self.homes:
            why = f"cell {self.homes[name]} defines it{by}"
        else:
            why = f"nothing defines it{by}"
        sure = "PN020" if name in self.homes else "PN021"
        self._tell(sure if certain else "PN022", name, read.cell, read.line, why)

    def _tell(self, code: str, name: str, cell: Cell, line: int, why: str) -> None:
        if name not in self.told:
            self.told.add(name)
            self.seen.append(Seen(code, cell.number, line, f"{name}: {why}"))

    # statements ----------------------------------------------------------------------------

    def body(self, statements: Iterable[ast.stmt], certain: bool) -> None:
        for statement in statements:
            self.statement(statement, certain)
            if self.reads is not None and scopes.ends_early(statement):
                certain = False

    def statement(self, node: ast.stmt, certain: bool) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._bind_all([node])
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, certain)
            case ast.ClassDef():
                self._class(node, certain)
            case ast.If(test=test, body=body, orelse=orelse):
                self.expression(test, certain)
                self.body(body, False)
                self.body(orelse, False)
            case ast.While(test=test, body=body, orelse=orelse):
                self.expression(test, certain)
                self.body([*body, *orelse], False)
            case ast.For() | ast.AsyncFor():
                self.expression(node.iter, certain)
                self._target(node.target, certain)
                self.body([*node.body, *node.orelse], False)
            case ast.With() | ast.AsyncWith():
                self._with(node, certain)
            case ast.Try() | ast.TryStar():
                self._try(node, certain)
            case ast.Match(subject=subject, cases=cases):
                self.expression(subject, certain)
                for case in cases:
                    self._bind_all([case.pattern])
                    self._children(case.pattern, False)
                    self.expression(case.guard, False)
                    self.body(case.body, False)
            case ast.Assign(targets=targets, value=value):
                self.expression(value, certain)
                for target in targets:
                    self._target(target, certain)
            case ast.AugAssign(target=target, value=value):
                if isinstance(target, ast.Name):
                    self.use(target.id, target.lineno, certain)
                self.expression(value, certain)
                self._target(target, certain)
            case ast.AnnAssign():
                self._annotated(node, certain)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target, certain)
            case ast.Assert(test=test, msg=msg):
                self.expression(test, certain)
                self.expression(msg, False)
            case _:
                self._children(node, certain)

    def _with(self, node: ast.With | ast.AsyncWith, certain: bool) -> None:
        for item in node.items:
            self.expression(item.context_expr, certain)
            if item.optional_vars is not None:
                self._target(item.optional_vars, certain)
        items = (n for item in node.items for n in ast.walk(item.context_expr))
        named = {getattr(n, "id", getattr(n, "attr", "")) for n in items}
        self.body(node.body, certain and not named & _SWALLOW)

    def _try(self, node: ast.Try | ast.TryStar, certain: bool) -> None:
        self.body(node.body, certain and not node.handlers)
        for handler in node.handlers:
            self.expression(handler.type, False)
            if handler.name:
                self.bind(handler.name)
            self.body(handler.body, False)
        self.body(node.orelse, False)
        self.body(node.finalbody, certain)

    def _annotated(self, node: ast.AnnAssign, certain: bool) -> None:
        self.expression(node.annotation, False)
        self.expression(node.value, certain)
        if (
            node.value is not None
            or self.cell.is_parameters
            or not isinstance(node.target, ast.Name)
        ):
            self._target(node.target, certain)

    def _delete(self, target: ast.expr, certain: bool) -> None:
        if not isinstance(target, ast.Name):
            self._children(target, certain)
            return
        self.use(target.id, target.lineno, certain)
        if certain and not self.scopes and target.id in self.bound:
            self.bound.discard(target.id)
            self.deleted[target.id] = self.cell.number
            self.told.discard(target.id)

    def _target(self, target: ast.expr, certain: bool) -> None:
        """Bind what `target` names; what it computes, as in ``frame[key]``, is read."""
        match target:
            case ast.Name(id=name):
                self.bind(name)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._target(part, certain)
            case ast.Starred(value=value):
                self._target(value, certain)
            case _:
                self._children(target, certain)

    def _bind_all(self, nodes: Iterable[ast.AST]) -> None:
        for name in scopes.bindings(nodes):
            self.bind(name)

    def _class(self, node: ast.ClassDef, certain: bool) -> None:
        for outer in (*node.decorator_list, *node.bases, *node.keywords):
            self._any(outer, certain)
        self.scopes.append(_Scope("class", set()))
        self.body(node.body, certain)
        self.scopes.pop()
        self.bind(node.name)

    # functions -----------------------------------------------------------------------------

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, certain: bool) -> None:
        for decorator in node.decorator_list:
            self.expression(decorator, certain)
        for arg in ast.walk(node.args):
            if isinstance(arg, ast.arg):
                self.expression(arg.annotation, False)
        self.expression(node.returns, False)
        reads = self._reads(node, certain)
        self.bound |= self.outer & scopes.globals_set(ast.walk(node)) if self.outer else set()
        self.bind(node.name)
        if not self.scopes and scopes.runs_when_called(node):
            self.functions[node.name] = reads

    def _reads(self, node: scopes.Function, certain: bool) -> list[_Read]:
        """What the body reads from outside; it is kept as something that may run later."""
        for default in (*node.args.defaults, *node.args.kw_defaults):
            self.expression(default, certain)
        outer, self.reads = self.reads, []
        self.scopes.append(_Scope("function", scopes.locals_of(node)))
        if isinstance(node, ast.Lambda):
            self.expression(node.body, True)
        else:
            self.body(node.body, True)
        self.scopes.pop()
        reads, self.reads = self.reads, outer
        unknown = [r for r in reads if not scopes.is_known(r.name)]
        if self.reads is None:
            self.later += unknown
        else:
            self.reads += [r._replace(certain=False) for r in unknown if not self._is_local(r.name)]
        return unknown

    # expressions ---------------------------------------------------------------------------

    def expression(self, node: ast.expr | None, certain: bool) -> None:
        match node:
            case None:
                return
            case ast.Name(id=name, ctx=ctx):
                if isinstance(ctx, ast.Store):
                    self.bind(name)
                else:
                    self.use(name, node.lineno, certain)
            case ast.NamedExpr(target=target, value=value):
                self.expression(value, certain)
                self._target(target, certain)
            case ast.BoolOp(values=[first, *rest]):
                self.expression(first, certain)
                for value in rest:
                    self.expression(value, False)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.expression(test, certain)
                self.expression(body, False)
                self.expression(orelse, False)
            case ast.Lambda():
                self._reads(node, certain)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node, certain)
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=int(n))]) if (
                name == MARK
            ):
                self._magic(effects(self.cell.magics[n]), node.lineno, certain)
            case ast.Call(func=func, args=args, keywords=keywords):
                self._hides(func)
                for part in (*args, *keywords):
                    self._any(part, certain)
                if isinstance(func, ast.Name):
                    self.use(func.id, func.lineno, certain, called=True)
                else:
                    self.expression(func, certain)
            case ast.Attribute(attr="user_ns"):
                self.opaque = True
            case _:
                self._children(node, certain)

    def _children(self, node: ast.AST, certain: bool) -> None:
        for child in ast.iter_child_nodes(node):
            self._any(child, certain)

    def _any(self, node: ast.AST, certain: bool) -> None:
        if isinstance(node, ast.expr):
            self.expression(node, certain)
        elif isinstance(node, ast.stmt):
            self.statement(node, certain)
        else:
            self._children(node, certain)

    def _comprehension(self, node: scopes.Comprehension, certain: bool) -> None:
        first = node.generators[0]
        self.expression(first.iter, certain)
        own = {
            n.id
            for generator in node.generators
            for n in ast.walk(generator.target)
            if isinstance(n, ast.Name)
        }
        self.scopes.append(_Scope("block", own))
        for generator in node.generators:
            if generator is not first:
                self.expression(generator.iter, False)
            for test in generator.ifs:
                self.expression(test, False)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            self.expression(part, False)
        self.scopes.pop()

    def _magic(self, found: Effects, line: int, certain: bool) -> None:
        for tree in found.reads:
            self.expression(_moved(tree, line), certain)
        for name in found.names:
            if name in self.homes or not (self.subject.folder / name).exists():
                self.use(name, line, certain)
        for name in found.binds:
            self.bind(name)
        if found.opaque:
            self.opaque = True

    def _hides(self, func: ast.expr) -> None:
        """A call that may make names that cannot be seen."""
        if getattr(func, "id", getattr(func, "attr", "")) in _HIDING:
            self.opaque = True


def _homes(subject: Subject) -> dict[str, int]:
    """Every name that a cell binds, to the first such cell."""
    found: dict[str, int] = {}
    for cell in subject.code:
        names = {*scopes.bindings(cell.tree.body, bare=cell.is_parameters)}
        names |= scopes.globals_set(cell.nodes)
        for magic in cell.magics:
            names.update(effects(magic).binds)
        for name in names:
            found.setdefault(name, cell.number)
    return found


def _moved(tree: ast.expr, line: int) -> ast.expr:
    """`tree` as if it stood in that line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            node.lineno = line
    return tree
