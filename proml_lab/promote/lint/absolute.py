"""Absolute paths, where they go to something that takes files: not every text that looks so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from proml_lab.promote.lint import files
from proml_lab.promote.lint.calls import Calls
from proml_lab.promote.lint.subject import Seen

_ROOTS = (
    "home|Users|root|mnt|media|Volumes|srv|opt|var|tmp|etc|usr|data|dataset|datasets|scratch|work"
    "|workspace|content|kaggle|dbfs|gpfs|lustre|nfs|project|projects|shared"
)
USUAL = re.compile(rf"~[\\/]|/(?:{_ROOTS})/[^\s]|[A-Za-z]:[\\/][^/\\]|\\\\\w+\\")
"""How absolute paths usually begin."""
_TAKERS = re.compile(
    r"(?:pathlib|shutil|glob|os\.path|zipfile|tarfile|sqlite3|tempfile|io)\..+|sys\.path\.\w+"
    r"|os\.(?:chdir|listdir|scandir|walk|makedirs|mkdir|remove|unlink|rename|replace|stat|open"
    r"|rmdir|access|symlink|link|truncate)|site\.addsitedir|open"
)
_HARMLESS = re.compile(
    r"re\.\w+|print|display|IPython\.display\.(?:display|Markdown|HTML|Latex)|len|isinstance|repr"
    r"|logging\.\w+|warnings\.warn|getattr|hasattr|setattr|hash|sorted|set|type|textwrap\.\w+"
    r"|\w*Error|\w*Exception|urllib\.parse\.\w+|hashlib\.\w+|typing\.\w+|input"
)
_METHODS = re.compile(
    r"\.(?:startswith|endswith|split|rsplit|partition|rpartition|strip|lstrip|rstrip|find|rfind"
    r"|index|count|encode|upper|lower|title|match|search|fullmatch|findall|finditer|sub|isin|eq"
    r"|contains|info|debug|warning|error|exception|critical|write|set_\w*(?:title|label|text)"
    r"|title|suptitle|xlabel|ylabel|text|annotate|legend|alias|get|post|put|patch|delete|route"
    r"|pop|append|replace|removeprefix|removesuffix|join|strftime|strptime|sort|add_argument)"
)
_ONWARD = {".format", ".replace", ".strip", ".rstrip", ".removesuffix", "str", "list", "tuple"}
_WORDS = {"label", "title", "name", "fmt", "format", "pattern", "description", "help", "text"}
_SAYS_PATH = re.compile(r"(?i)(?:^|_)(?:path|file|filename|folder|dir|directory)s?\d*$")
_OF_PATHS = {
    *("open", "exists", "glob", "rglob", "iterdir", "is_file", "is_dir", "joinpath", "parent"),
    *("read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "touch", "unlink", "stat"),
}
_DEEP = 12


def check(calls: Calls) -> Iterator[Seen]:
    """PN030: each absolute path once a cell, where it stands in the source."""
    told: set[tuple[int, str]] = set()
    for cell, node, sure in _absolute(calls):
        if (cell, node.value) not in told:
            flow = _Flow(calls)
            if flow.is_home(str(node.value)) or flow.goes_to_files(node, sure):
                told.add((cell, str(node.value)))
                yield Seen("PN030", cell, node.lineno, repr(node.value))


def _absolute(calls: Calls) -> Iterator[tuple[int, ast.Constant, bool]]:
    """(cell, text, whether it begins as paths usually do) of each that begins at a root."""
    for cell, node in calls.nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        text = node.value
        usual = USUAL.match(text) is not None
        rooted = text.startswith("/") and not text.startswith(("//", "/dev/")) and len(text) > 1
        sentence = "\n" in text or len(text) > 300 or (rooted and " " in text)
        if (usual or rooted) and not sentence:
            yield cell.number, node, usual


class _Flow:
    """Where a text goes, through names, containers, sums and f-strings."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.parents = calls.parents
        self.following: set[str] = set()

    def is_home(self, text: str) -> bool:
        """Whether it lies in the home folder of who is here."""
        home = str(Path.home())
        return len(home) > 1 and text.startswith(home + "/")

    def goes_to_files(self, node: ast.AST, usual: bool, depth: int = _DEEP) -> bool:
        """Whether what takes files gets it, or, where it is `usual`, what may well take files."""
        above = self.parents.get(id(node))
        if depth == 0:
            return False
        match above:
            case ast.BinOp(op=ast.Div()):
                return True
            case ast.BinOp(left=left, op=ast.Add()):
                return left is node and self.goes_to_files(above, usual, depth - 1)
            case ast.JoinedStr(values=[first, *_]):
                return first is node and self.goes_to_files(above, usual, depth - 1)
            case ast.Call():
                return above.func is not node and self._given(above, node, "", usual, depth)
            case ast.keyword(arg=arg):
                call = self.parents.get(id(above))
                word = arg or ""
                return isinstance(call, ast.Call) and self._given(call, above, word, usual, depth)
            case ast.Attribute(attr=attr):
                return attr in _OF_PATHS or self._method(above, usual, depth)
            case ast.Assign(targets=targets):
                return any(self._stored(target, usual, depth) for target in targets)
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                return self._stored(target, usual, depth)
            case (
                ast.For(iter=source, target=target) | ast.comprehension(iter=source, target=target)
            ):
                return source is node and self._stored(target, usual, depth)
            case ast.Dict(keys=keys):
                return node not in keys and self.goes_to_files(above, usual, depth - 1)
            case ast.Subscript(slice=part) if part is node:
                return False
            case ast.Return() | ast.arguments():
                return usual
            case None | ast.Expr() | ast.Compare() | ast.stmt():
                return False
        return self.goes_to_files(above, usual, depth - 1)

    def _given(self, call: ast.Call, arg: ast.AST, word: str, usual: bool, depth: int) -> bool:
        """Whether `call` takes files where `arg` stands, or hands the text on."""
        name = self.calls.name(call.func)
        if _TAKERS.fullmatch(name) or self._opens(call, arg):
            return True
        if name in _ONWARD and self.goes_to_files(call, usual, depth - 1):
            return True
        method = "." + name.rpartition(".")[2]
        harmless = _HARMLESS.fullmatch(name) or _METHODS.fullmatch(method) or word in _WORDS
        return usual and not harmless

    def _opens(self, call: ast.Call, arg: ast.AST) -> bool:
        """Whether it is the path of a call that reads or writes a file."""
        given = arg.value if isinstance(arg, ast.keyword) else arg
        whole = next((c for c in self.calls.all if c.node is call), None)
        found = files.paths(whole, self.calls) if whole is not None else ()
        return any(path is given for path, _ in found)

    def _method(self, above: ast.Attribute, usual: bool, depth: int) -> bool:
        """Whether what a method of texts makes of it goes on to files."""
        call = self.parents.get(id(above))
        onward = isinstance(call, ast.Call) and f".{above.attr}" in _ONWARD
        return onward and call is not None and self.goes_to_files(call, usual, depth - 1)

    def _stored(self, target: ast.expr, usual: bool, depth: int) -> bool:
        if not isinstance(target, ast.Name) or (usual and _SAYS_PATH.search(target.id)):
            return usual
        if target.id in self.following:
            return False
        self.following.add(target.id)
        return any(self.goes_to_files(use, usual, depth - 1) for use in self._uses(target.id))

    def _uses(self, name: str) -> Iterator[ast.AST]:
        for _, node in self.calls.nodes:
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                yield node
