"""Which names are there at a point of the run, and what is told of those that are not."""

from __future__ import annotations

import ast
from typing import NamedTuple

from proml_lab.promote.lint import scopes
from proml_lab.promote.lint.effects import effects
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
        What is there now; what was there; what the bodies of the plain functions read.
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
        self.deleted: dict[str, int] = {}
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
            if not self.opaque and read.name not in self.homes:
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
        self.bound.add(name)
        self.functions.pop(name, None)
        self.deleted.pop(name, None)

    def delete(self, name: str) -> None:
        """`name` is surely gone from here on."""
        if not self.scopes and name in self.bound:
            self.bound.discard(name)
            self.deleted[name] = self.cell.number

    def use(self, name: str, line: int, certain: bool, *, called: bool = False) -> None:
        """`name` is read, or `called`, which runs the function of that name."""
        if self.forgiven or self.is_local(name):
            return
        read = Read(name, self.cell, line, certain, called)
        if self.reads is not None:
            self.reads.append(read)
            return
        self._check(read, certain)
        if called and name in self.functions:
            self._call(name, certain, {(name, certain)})

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
        if name in self.bound or self.opaque or scopes.is_known(name):
            return
        if not certain and (name in self._within or (via and name in self.homes)):
            return
        by = f", called in cell {self.cell.number}" if via else ""
        if name in self.deleted:
            why = f"cell {self.deleted[name]} deleted it{by}"
        elif name in self.homes:
            why = f"cell {self.homes[name]} defines it{by}"
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
