"""Static data flow: the cells are gone through in the order in which they run.

A use of a name is certain if the run must come by it: not in a branch, a loop's body, a `try`, a
function that is not surely called. Only certain uses are errors.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from proml_lab.promote.lint import paths, scopes
from proml_lab.promote.lint.calls import Calls
from proml_lab.promote.lint.effects import PROML, effects
from proml_lab.promote.lint.names import Names, Read, Scope
from proml_lab.promote.lint.paths import State
from proml_lab.promote.lint.source import MARK, Magic
from proml_lab.promote.lint.subject import Seen, Subject

_SWALLOW = {"suppress", "raises", "ignored", "assertRaises"}
_LOADING = {"load_extension", "load_ipython_extension"}
_HIDING = {"exec", "globals", "_convert_", "run_line_magic", "run_cell_magic", "run_cell"}


def check(subject: Subject) -> Iterator[Seen]:
    """PN020, PN021 and PN022: each name once, where it is first missing."""
    names = Names(subject)
    walker = _Walker(subject, names)
    for cell in subject.code:
        names.begin(cell)
        for statement in cell.tree.body:
            names.begin(cell, statement)
            try:
                walker.statement(statement, "raises-exception" not in cell.tags)
            except RecursionError:  # too deep to be gone through: it may make any name
                names.lose_track()
    names.finish()
    yield from names.seen


class _Walker:
    """Goes through statements and expressions; tells `names` what they read and bind."""

    def __init__(self, subject: Subject, names: Names) -> None:
        self.subject = subject
        self.names = names
        self.lazy = False
        self.constants = Calls(subject).constants
        self.loops: list[tuple[list[State], list[State]]] = []
        self.method = ("", "")
        self.declares = any(scopes.globals_set(cell.nodes) for cell in subject.code)

    def body(self, statements: Iterable[ast.stmt], certain: bool) -> None:
        for statement in statements:
            self.statement(statement, certain)
            if self.names.reads is not None and scopes.ends_early(statement):
                certain = False

    def statement(self, node: ast.stmt, certain: bool) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._bind_all([node])
                future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
                self.lazy |= future and any(a.name == "annotations" for a in node.names)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, certain)
            case ast.ClassDef():
                self._class(node, certain)
            case ast.If(test=test, body=body, orelse=orelse):
                self.expression(test, certain)
                before = self.names.paths
                self.body(body, False)
                done, self.names.paths = self.names.paths, before
                self.body(orelse, False)
                other = None if paths.is_true(test) else self.names.paths
                self.names.paths = paths.joined(done, other)
            case ast.While(test=test):
                self.expression(test, certain)
                self._loop(node, certain, paths.is_true(test))
            case ast.For() | ast.AsyncFor():
                self.expression(node.iter, certain)
                self._loop(node, certain, paths.has_some(node.iter, self.constants))
            case ast.Break() | ast.Continue() if self.loops:
                self.loops[-1][isinstance(node, ast.Continue)].append(self.names.paths)
                self.names.paths = None
            case ast.With() | ast.AsyncWith():
                self._with(node, certain)
            case ast.Try() | ast.TryStar():
                self._try(node, certain)
            case ast.Match(subject=subject, cases=cases):
                self.expression(subject, certain)
                self._match(cases)
            case ast.Assign(targets=targets, value=value):
                self.expression(value, certain)
                for target in targets:
                    self._target(target, certain)
                self.names.note_object(targets, value)
            case ast.AugAssign(target=target, value=value):
                if isinstance(target, ast.Name):
                    self.names.use(target.id, target.lineno, certain)
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
                if paths.ends(node):
                    self.names.paths = None

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, certain: bool, some: bool) -> None:
        """A loop; `some`: it surely runs once, and a ``while`` then goes on until it is left."""
        before = self.names.paths
        self.loops.append(([], []))
        if not isinstance(node, ast.While):
            self._target(node.target, certain)
        self.body(node.body, certain and some and not any(map(scopes.ends_early, node.body)))
        breaks, nexts = self.loops.pop()
        end = paths.joined(self.names.paths, *nexts)
        over = None if isinstance(node, ast.While) else end
        self.names.paths = over if some else paths.joined(before, end)
        self.body(node.orelse, False)
        self.names.paths = paths.joined(self.names.paths, *breaks)

    def _match(self, cases: list[ast.match_case]) -> None:
        before = self.names.paths
        ends: list[State] = []
        for case in cases:
            self.names.paths = before
            self._bind_all([case.pattern])
            self._children(case.pattern, False)
            self.expression(case.guard, False)
            self.body(case.body, False)
            ends.append(self.names.paths)
        last = cases[-1]
        takes_all = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
        other = [] if takes_all and last.guard is None else [before]
        self.names.paths = paths.joined(*ends, *other)

    def _with(self, node: ast.With | ast.AsyncWith, certain: bool) -> None:
        for item in node.items:
            self.expression(item.context_expr, certain)
            if item.optional_vars is not None:
                self._target(item.optional_vars, certain)
        items = (n for item in node.items for n in ast.walk(item.context_expr))
        named = {getattr(n, "id", getattr(n, "attr", "")) for n in items}
        before, cut = self.names.paths, bool(named & _SWALLOW)
        self._forgiving(node.body, certain, cut)
        if cut:
            self.names.paths = paths.joined(before, self.names.paths)

    def _try(self, node: ast.Try | ast.TryStar, certain: bool) -> None:
        kinds = {ast.unparse(h.type) if h.type else "" for h in node.handlers}
        caught = bool(kinds & {"", "Exception", "BaseException"}) or "NameError" in str(kinds)
        before = self.names.paths
        self._forgiving(node.body, certain and not node.handlers, caught)
        self.body(node.orelse, False)
        ends = [self.names.paths]
        for handler in node.handlers:
            self.names.paths = before
            self.expression(handler.type, False)
            was_there = handler.name in self.names.bound
            if handler.name:
                self.names.bind(handler.name)
            self.body(handler.body, False)
            if handler.name:
                self.names.leave(handler.name, was_there)
            ends.append(self.names.paths)
        self.names.paths = paths.joined(*ends)
        self.body(node.finalbody, certain)

    def _forgiving(self, body: list[ast.stmt], certain: bool, forgiven: bool) -> None:
        """A body whose missing names are no harm if `forgiven`."""
        before, self.names.forgiven = self.names.forgiven, self.names.forgiven or forgiven
        self.body(body, certain and not forgiven)
        self.names.forgiven = before

    def _annotated(self, node: ast.AnnAssign, certain: bool) -> None:
        self._annotation(node.annotation)
        self.expression(node.value, certain)
        if (
            node.value is not None
            or self.names.cell.is_parameters
            or not isinstance(node.target, ast.Name)
        ):
            self._target(node.target, certain)

    def _annotation(self, node: ast.expr | None) -> None:
        if not self.lazy:
            self.expression(node, False)

    def _delete(self, target: ast.expr, certain: bool) -> None:
        if not isinstance(target, ast.Name):
            self._children(target, certain)
            return
        self.names.use(target.id, target.lineno, certain)
        if certain:
            self.names.delete(target.id)

    def _target(self, target: ast.expr, certain: bool) -> None:
        """Bind what `target` names; what it computes, as in ``frame[key]``, is read."""
        match target:
            case ast.Name(id=name):
                self.names.bind(name)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._target(part, certain)
            case ast.Starred(value=value):
                self._target(value, certain)
            case _:
                self._children(target, certain)

    def _bind_all(self, nodes: Iterable[ast.AST]) -> None:
        for name in scopes.bindings(nodes):
            self.names.bind(name)

    def _class(self, node: ast.ClassDef, certain: bool) -> None:
        for outer in (*node.decorator_list, *node.bases, *node.keywords):
            self._any(outer, certain)
        before, method = self.names.paths, self.method
        alone = not self.names.scopes and not node.decorator_list
        self.method = (node.name if alone else "", "")
        self.names.scopes.append(Scope("class", set()))
        self.body(node.body, certain)
        self.names.scopes.pop()
        self.names.paths, self.method = before, method
        self.names.bind(node.name)
        if alone:
            self.names.classes.add(node.name)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, certain: bool) -> None:
        for decorator in node.decorator_list:
            self.expression(decorator, certain)
        for arg in ast.walk(node.args):
            if isinstance(arg, ast.arg):
                self._annotation(arg.annotation)
        self._annotation(node.returns)
        outer = self.method
        owner = outer[0] if len(self.names.scopes) == 1 else ""
        first = [*node.args.posonlyargs, *node.args.args][:1]
        if owner and first:
            self.method = (owner, first[0].arg)
        reads = self._reads(node, certain)
        self.method = outer
        if self.declares:
            self.names.assume(*scopes.globals_set(ast.walk(node)))
        self.names.bind(node.name)
        if scopes.runs_when_called(node) and (owner or not self.names.scopes):
            self.names.functions[f"{owner}.{node.name}" if owner else node.name] = reads

    def _reads(self, node: scopes.Function, certain: bool) -> list[Read]:
        """What the body reads from outside; it is kept as something that may run later."""
        for default in (*node.args.defaults, *node.args.kw_defaults):
            self.expression(default, certain)
        before, loops, self.loops = self.names.paths, self.loops, []
        outer, self.names.reads = self.names.reads, []
        self.names.scopes.append(Scope("function", scopes.locals_of(node)))
        if isinstance(node, ast.Lambda):
            self.expression(node.body, True)
        else:
            self.body(node.body, True)
        self.names.scopes.pop()
        reads, self.names.reads = self.names.reads, outer
        self.names.paths, self.loops = before, loops
        unknown = [r for r in reads if not scopes.is_known(r.name)]
        if self.names.reads is None:
            self.names.later += unknown
        else:
            self.names.reads += [
                r._replace(certain=False) for r in unknown if not self.names.is_local(r.name)
            ]
        return unknown

    def expression(self, node: ast.expr | None, certain: bool) -> None:
        match node:
            case None:
                return
            case ast.Name(id=name, ctx=ctx):
                if isinstance(ctx, ast.Store):
                    self.names.bind(name)
                else:
                    self.names.use(name, node.lineno, certain)
            case ast.NamedExpr(target=target, value=value):
                self.expression(value, certain)
                self._target(target, certain)
            case ast.BoolOp(values=[first, *rest]):
                self.expression(first, certain)
                for value in rest:
                    self.expression(value, False)
            case ast.BinOp():
                for operand in _operands(node):
                    self.expression(operand, certain)
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
                self._magic(self.names.cell.magics[n], node.lineno, certain)
            case ast.Call(func=func, args=args, keywords=keywords):
                self._hides(func)
                for part in (*args, *keywords):
                    self._any(part, certain)
                if isinstance(func, ast.Name):
                    self.names.use(func.id, func.lineno, certain, called=True)
                else:
                    self.expression(func, certain)
                self.names.call_method(func, certain, self.method)
            case ast.Attribute(attr="user_ns"):
                self.names.opaque = True
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
        self.names.scopes.append(Scope("block", own))
        for generator in node.generators:
            if generator is not first:
                self.expression(generator.iter, False)
            for test in generator.ifs:
                self.expression(test, False)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            self.expression(part, False)
        self.names.scopes.pop()

    def _magic(self, magic: Magic, line: int, certain: bool) -> None:
        found = effects(magic)
        if magic.name == "proml":
            self.names.use(PROML, line, certain)
        for tree in found.reads:
            self.expression(_moved(tree, line), certain)
        for name in found.names:
            if name in self.names.homes or not (self.subject.folder / name).exists():
                self.names.use(name, line, certain)
        for name in found.tables:
            if name in self.names.homes or self.subject.lacks(name):
                self.names.use(name, line, certain)
        for name in (*found.shell, *(n for n in found.maybe if n in self.names.homes)):
            self.names.use(name, line, False)
        for name in found.binds:
            self.names.bind(name)
        if found.opaque:
            self.names.opaque = True

    def _hides(self, func: ast.expr) -> None:
        """A call that may make names that cannot be seen."""
        called = getattr(func, "id", getattr(func, "attr", ""))
        if called in _HIDING:
            self.names.opaque = True
        elif called in _LOADING:
            self.names.assume(PROML)


def _operands(node: ast.BinOp) -> list[ast.expr]:
    """What a sum adds, in order: a long one is too deep to be gone down step by step."""
    found = [node.right]
    left = node.left
    while isinstance(left, ast.BinOp):
        found.append(left.right)
        left = left.left
    return [left, *reversed(found)]


def _moved(tree: ast.expr, line: int) -> ast.expr:
    """`tree` as if it stood in that line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            node.lineno = line
    return tree
