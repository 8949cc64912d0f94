"""Which values of a notebook are surely data frames, and which surely its own objects."""

from __future__ import annotations

import ast
import re

from proml_lab.promote.lint.calls import Calls

_MAKERS = re.compile(
    r"(?:pandas|polars|geopandas|modin\.pandas|cudf)\.(?:DataFrame|LazyFrame|Series|concat|merge"
    r"|json_normalize|get_dummies|read_\w+|scan_\w+|from_\w+)"
)
_ROUNDS = 4


class Frames:
    """Names that hold frames, and objects of classes that the notebook itself defines."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.classes: set[str] = set()
        self.methods: set[str] = set()
        for _, node in calls.nodes:
            if isinstance(node, ast.ClassDef):
                self.classes.add(node.name)
                self.methods |= {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
        given = [
            (target.id, node.value)
            for _, node in calls.nodes
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        ]
        self.own: set[str] = set()
        self.own = {name for name, value in given if self.is_own(value)}
        self.names: set[str] = set()
        for _ in range(_ROUNDS):
            self.names |= {name for name, value in given if self.is_frame(value)} - self.own

    def is_frame(self, node: ast.expr | None) -> bool:
        """Whether `node` is a frame, or was made from one by its methods and columns."""
        match node:
            case ast.Name(id=name):
                return name in self.names
            case ast.Call(func=func) if _MAKERS.fullmatch(self.calls.name(func)):
                return True
            case ast.Call(func=ast.Attribute(value=owner)):
                return self.is_frame(owner)
            case ast.Attribute(value=owner) | ast.Subscript(value=owner):
                return self.is_frame(owner)
        return False

    def is_own(self, node: ast.expr | None) -> bool:
        """Whether `node` is an object of one of the notebook's classes."""
        match node:
            case ast.Name(id=name):
                return name in self.own or name in self.classes
            case ast.Call(func=ast.Name(id=name)):
                return name in self.classes
        return False

    def may_be_own(self, node: ast.expr | None, method: str) -> bool:
        """Whether `node.method` may well be that of one of the notebook's classes."""
        return self.is_own(node) or (method in self.methods and not self.is_frame(node))
