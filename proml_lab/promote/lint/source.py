"""A cell's source as a syntax tree: IPython's magics, shell lines and help lines are understood."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

MARK = "__proml_magic__"
"""The function whose call stands in the tree for the magic of that number."""
PYTHON_CELLS = {"time", "timeit", "prun", "capture", "debug", "memit", "mprun", "lprun"}
PYTHON_LINES = {"time", "timeit", "prun", "memit"}
_ALONE = {
    *("alias", "cat", "cd", "clear", "conda", "config", "cp", "env", "history", "load_ext", "ls"),
    *("matplotlib", "mkdir", "mv", "pip", "proml", "pwd", "reset", "rm", "rmdir", "run", "time"),
    *("timeit", "who", "whos", "uv", "mamba"),
}
"""Magics that IPython also knows without ``%``, where the cell is one line."""
_MAGIC = re.compile(r"(\s*)(%{1,2}|!{1,2})(?!=)(.*)$")
_ASSIGNED = re.compile(r"(\s*)([^#'\"=!%]+=)\s*([%!])(.*)$")
_HELP = re.compile(r"\s*(?:\?{1,2}\s*%{0,2}[\w.*]+|%{0,2}[\w.*\[\]]+\?{1,2})\s*$")
_AUTOCALL = re.compile(r"\s*[,;/]\s*[A-Za-z_]")
_TOKEN = re.compile(r"#.*|\"{3}|'{3}|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[\[\](){}]|\\.")
_OPTIONS = re.compile(r"(?:-\w+(?:\s+\d+)?\s+)*")


@dataclass(frozen=True)
class Magic:
    """``%name text``; `name` is ``!`` for a shell line, `body` what a cell magic holds."""

    line: int
    name: str
    text: str
    body: str | None = None


@dataclass(frozen=True)
class Parsed:
    """A cell as Python: in `tree` each magic is a call of `MARK` with its index in `magics`.

    `error` is (line, words) of what cannot be read or would not run. `translated` says that
    IPython's own reader was needed, or the cell is too deep: what it does is not all known.
    """

    tree: ast.Module
    magics: tuple[Magic, ...] = ()
    error: tuple[int, str] | None = None
    translated: bool = False


def parse(source: str) -> Parsed:
    """`source` as IPython would read it; line numbers are those of the cell."""
    try:
        return _read(source)
    except (RecursionError, MemoryError):  # too deep to be read here: nothing is known of it
        return Parsed(ast.Module([], []), translated=True)


def _read(source: str) -> Parsed:
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return Parsed(ast.Module([], []))
    if lines[first].startswith("%%"):
        return _cell_magic(lines, first)
    plain = _tree(source)
    if isinstance(plain, ast.Module):
        return Parsed(plain, error=_refused(plain))
    word = source.split(maxsplit=1)[0]
    if len(source.strip().splitlines()) == 1 and word in _ALONE:
        lines[first] = "%" + lines[first].lstrip()
    made, magics = _translate(lines)
    tree = _tree(made)
    if isinstance(tree, ast.Module):
        return Parsed(tree, tuple(magics), _refused(tree))
    return _by_ipython(source, tree)


def _cell_magic(lines: list[str], first: int) -> Parsed:
    name, _, text = lines[first][2:].strip().partition(" ")
    body = "\n".join(lines[first + 1 :])
    if name not in PYTHON_CELLS:
        magic = Magic(first + 1, name, text.strip(), body)
        return Parsed(_parsed(f"{MARK}(0)", first), (magic,))
    inner = parse("\n" * (first + 1) + body)
    magic = Magic(first + 1, name, text.strip())
    call = _parsed(f"{MARK}({len(inner.magics)})", first).body
    tree = ast.Module([*call, *inner.tree.body], [])
    return Parsed(tree, (*inner.magics, magic), inner.error, inner.translated)


def _translate(lines: list[str]) -> tuple[str, list[Magic]]:
    """The source with a line of Python in place of each magic, and the magics."""
    made: list[str] = []
    magics: list[Magic] = []
    inside = _Inside()
    while len(made) < len(lines):
        number = len(made)
        line = lines[number]
        if inside.anything or not _special(line):
            made.append(line)
            inside.read(line)
            continue
        last = number
        while line.endswith("\\") and last + 1 < len(lines):
            last += 1
            line = line[:-1] + " " + lines[last].lstrip()
        made.append(_python(line, number + 1, magics))
        made += [""] * (last - number)
    return "\n".join(made), magics


def _special(line: str) -> bool:
    return any(form.match(line) for form in (_MAGIC, _ASSIGNED, _HELP, _AUTOCALL))


def _python(line: str, number: int, magics: list[Magic]) -> str:
    """The Python that stands for a special line; its magic is added to `magics`."""
    if found := _MAGIC.match(line):
        indent, sign, text = found.groups()
        target = ""
    elif found := _ASSIGNED.match(line):
        indent, target, sign, text = found.groups()
    else:
        return f"{line[: len(line) - len(line.lstrip())]}pass"
    name, _, rest = text.strip().partition(" ")
    if sign.startswith("!"):
        name, rest = "!", text.strip()
    if name in PYTHON_LINES:
        statement = _OPTIONS.sub("", rest.strip(), count=1)
        if isinstance(_tree(statement), ast.Module) and statement:
            return f"{indent}{target + ' ' if target else ''}{statement}"
    magics.append(Magic(number, name, rest.strip()))
    return f"{indent}{target + ' ' if target else ''}{MARK}({len(magics) - 1})"


class _Inside:
    """Whether the next line goes on with what the lines before began."""

    def __init__(self) -> None:
        self.depth = 0
        self.quote = ""
        self.goes_on = False

    @property
    def anything(self) -> bool:
        return self.depth > 0 or bool(self.quote) or self.goes_on

    def read(self, line: str) -> None:
        at = 0
        self.goes_on = line.endswith("\\") and not line.lstrip().startswith("#")
        while at < len(line):
            if self.quote:
                end = line.find(self.quote, at)
                if end < 0:
                    return
                at, self.quote = end + 3, ""
                continue
            found = _TOKEN.search(line, at)
            if not found:
                return
            at = found.end()
            match found[0]:
                case '"""' | "'''" as quote:
                    self.quote = quote
                case "(" | "[" | "{":
                    self.depth += 1
                case ")" | "]" | "}":
                    self.depth = max(self.depth - 1, 0)


def _tree(source: str) -> ast.Module | SyntaxError:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except SyntaxError as error:
            return error
        except ValueError as error:
            return SyntaxError(str(error))


def _parsed(source: str, lines_before: int) -> ast.Module:
    return ast.parse("\n" * lines_before + source)


def _refused(tree: ast.Module) -> tuple[int, str] | None:
    """What Python refuses though it can be read, such as ``return`` outside of a function."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(tree, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except SyntaxError as error:
            return error.lineno or 1, error.msg
        except (ValueError, RecursionError):
            return None
    return None


def _by_ipython(source: str, problem: SyntaxError) -> Parsed:
    """The cell as IPython itself reads it: the last word on what is not Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        tree = _tree(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
    except SyntaxError as error:
        tree = error
    if isinstance(tree, ast.Module):
        return Parsed(tree, translated=True)
    return Parsed(ast.Module([], []), error=(problem.lineno or 1, problem.msg or "cannot be read"))
