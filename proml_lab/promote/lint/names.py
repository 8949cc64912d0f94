"""Which names are there at a point of the run, and what is told of those that are not."""

from __future__ import annotations

import ast
from typing import NamedTuple

from proml_lab.promote.lint import scopes
from proml_lab.promote.lint.effects import PROML, effects
from proml_lab.promote.lint.paths import State
from proml_lab.promote.lint.subject import Cell, Seen, Subject


class Read(NamedTuple):
    """A read of a name; in a function's body, of one from outside of it."""

    name: str
    cell: Cell
    line: int
    certain: bool
    called: bool


class Scope(NamedTuple):
    """`kind` is function, class or block (a comprehension)."""

    kind: str
    names: set[str]


class Names:
    """The names of the notebook as its cells run from top to bottom.

    Attributes
    ----------
    homes
        Every name that a cell binds, to the first such cell.
    bound, deleted, functions
        What is there now; what was there, and how it went; what the bodies of the plain functions
        read, those of methods under ``Class.method``.
    paths
        Of what is there, what is there on every path that leads here.
    classes, instances
        Classes whose methods are known; names of their objects, to the class.
    scopes, reads
        Where in the code we are; what the function's body read so far, None outside of one.
    opaque
        Something may have made names that cannot be seen: nothing more is told.
    forgiven
        A missing name does no harm here.
    """

    def __init__(self, subject: Subject) -> None:
        self.homes = _homes(subject)
        self.bound: set[str] = set()
        self.deleted: dict[str, str] = {}
        self.paths: State = frozenset()
        self.classes: set[str] = set()
        self.instances: dict[str, str] = {}
        self.functions: dict[str, list[Read]] = {}
        self.later: list[Read] = []
        self.scopes: list[Scope] = []
        self.reads: list[Read] | None = None
        self.opaque = False
        self.forgiven = False
        self.seen: list[Seen] = []
        self._within: set[str] = set()
        self._told: set[str] = set()

    def begin(self, cell: Cell, statement: ast.stmt | None = None) -> None:
        """A cell begins, or a statement of it."""
        self.cell = cell
        if statement is not None:
            self._within = set(scopes.bindings([statement], bare=cell.is_parameters))
        elif cell.parsed.translated or cell.parsed.error:
            self.opaque = True

    def lose_track(self) -> None:
        """A statement was left in the middle: nothing more is told."""
        self.opaque, self.scopes, self.reads = True, [], None

    def finish(self) -> None:
        """Tell what functions read that are not surely called, and that nothing ever makes."""
        for read in self.later:
            if not (self.opaque or "." in read.name or read.name in self.homes):
                self._tell("PN022", read, "nothing defines it")

    def bind(self, name: str) -> None:
        """`name` is set; ``*`` stands for a star import."""
        if name == "*":
            self.opaque = True
            return
        for scope in reversed(self.scopes):
            if scope.kind == "class":
                scope.names.add(name)
            if scope.kind != "block":
                return
        self.assume(name)
        self.functions.pop(name, None)
        self.classes.discard(name)
        self.instances.pop(name, None)
        self.deleted.pop(name, None)

    def assume(self, *names: str) -> None:
        """`names` are there from here on."""
        self.bound.update(names)
        if self.paths is not None:
            self.paths |= set(names)

    def delete(self, name: str, why: str = "") -> None:
        """`name` is surely gone from here on."""
        if not self.scopes and name in self.bound:
            self.bound.discard(name)
            self.deleted[name] = why or f"cell {self.cell.number} deleted it"

    def leave(self, name: str, was_there: bool) -> None:
        """An ``except … as name`` ends, which deletes the name."""
        if self.scopes:
            return
        if self.paths is not None:
            self.paths -= {name}
        if not was_there:
            self.delete(
                name, f"Python deletes it at the end of the except in cell {self.cell.number}"
            )

    def use(self, name: str, line: int, certain: bool, *, called: bool = False) -> None:
        """`name` is read, or `called`, which runs the function of that name."""
        if self.forgiven or self.is_local(name):
            if name in self.bound and not self.scopes:
                self.assume(name)
            return
        read = Read(name, self.cell, line, certain, called)
        if self.reads is not None:
            self.reads.append(read)
            return
        self._check(read, certain)
        if certain and name in self.bound:
            self.assume(name)  # where it were missing, the run would not have come by
        if called and name in self.functions:
            self._call(name, certain, {(name, certain)})

    def note_object(self, targets: list[ast.expr], value: ast.expr) -> None:
        """Remember of which known class the new object is."""
        match targets, value:
            case [ast.Name(id=name)], ast.Call(func=ast.Name(id=kind)) if (
                kind in self.classes and not self.scopes
            ):
                self.instances[name] = kind

    def call_method(self, func: ast.expr, certain: bool, method: tuple[str, str]) -> None:
        """A call of a method of a known class; `method` is (class, self) around this point."""
        match func:
            case ast.Name(id=name) if name in self.classes:
                called = f"{name}.__init__"
            case ast.Attribute(value=ast.Call(func=ast.Name(id=name)), attr=attr) if (
                name in self.classes
            ):
                called = f"{name}.{attr}"
            case ast.Attribute(value=ast.Name(id=name), attr=attr):
                own = method[0] if name == method[1] else ""
                called = f"{own or self.instances.get(name, '')}.{attr}"
            case _:
                return
        self.use(called, func.lineno, certain, called=True)

    def is_local(self, name: str) -> bool:
        """Whether a function, class or comprehension around this point has `name`."""
        direct = True
        for scope in reversed(self.scopes):
            if (direct or scope.kind != "class") and name in scope.names:
                return True
            direct = direct and scope.kind == "block"
        return False

    def _call(self, function: str, certain: bool, done: set[tuple[str, bool]]) -> None:
        """`function` is called here: what its body reads must be there by now."""
        for read in self.functions[function]:
            sure = certain and read.certain
            self._check(read, sure, via=function)
            if read.called and read.name in self.functions and (read.name, sure) not in done:
                done.add((read.name, sure))
                self._call(read.name, sure, done)

    def _check(self, read: Read, certain: bool, via: str = "") -> None:
        name = read.name
        if self.opaque or "." in name or scopes.is_known(name):
            return
        by = f", called in cell {self.cell.number}" if via else ""
        if name in self.bound:
            if certain and self.paths is not None and name not in self.paths:
                why = f"cell {self.homes.get(name, self.cell.number)} defines it on some paths only"
                self._tell("PN022", read, why + by)
            return
        if not certain and (name in self._within or (via and name in self.homes)):
            return
        if name in self.deleted:
            why = f"{self.deleted[name]}{by}"
        elif name in self.homes:
            made = "loads" if name == PROML else "defines"
            why = f"cell {self.homes[name]} {made} it{by}"
        elif name == PROML:
            why = "no cell above loads it; put %load_ext proml_lab into one"
        else:
            why = f"nothing defines it{by}"
        sure = "PN020" if name in self.homes else "PN021"
        self._tell(sure if certain else "PN022", read, why)

    def _tell(self, code: str, read: Read, why: str) -> None:
        if read.name not in self._told:
            self._told.add(read.name)
            self.seen.append(Seen(code, read.cell.number, read.line, f"{read.name}: {why}"))


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
