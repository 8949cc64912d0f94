"""What a magic does to the notebook's names: reads, bindings, or more than can be told."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from proml_lab.marketplace.publish.query import tables
from proml_lab.promote.lint.source import Magic

QUIET = {
    *("!", "alias", "autoawait", "autoreload", "autosave", "bash", "cat", "cd", "cls", "clear"),
    *("cmd", "colors", "conda", "config", "connect_info", "cp", "debug", "dhist", "dirs"),
    *("doctest_mode", "env", "file", "gui", "hist", "history", "HTML", "html", "javascript", "js"),
    *("latex", "ldir", "less", "lf", "lk", "ll", "load_ext", "logoff", "logon", "logstart", "ls"),
    *("lsmagic", "lx", "magic", "mamba", "man", "markdown", "matplotlib", "memit", "micromamba"),
    *("mkdir", "more", "mv", "notebook", "page", "pdb", "pdef", "pdoc", "perl", "pfile", "pinfo"),
    *("pinfo2", "pip", "popd", "pprint", "precision", "prun", "psearch", "psource", "pushd", "pwd"),
    *("pycat", "pypy", "python2", "qtconsole", "quickref", "recall", "rehashx", "reload_ext"),
    *("rep", "rm", "rmdir", "ruby", "save", "sc", "set_env", "sh", "store", "svg", "sx"),
    *("SVG", "system", "tb", "tensorboard", "time", "timeit", "unalias", "unload_ext", "uv", "who"),
    *("who_ls", "whos", "writefile", "xdel", "xmode", "script", "perl", "%script", "subplots"),
    *("watermark", "black", "lab_black", "snakeviz", "scalene", "lprun", "mprun", "skip"),
}
"""Magics that bind no name; any other magic that is not known may bind some."""
READS = {
    "dataset": {"SPEC"},
    "spec": {"SOURCE", "VALUE"},
    "fit": {"SPEC", "DATASET"},
    "cv": {"SPEC", "DATASET"},
    "compare": {"MODEL", "DATASET"},
    "explain": {"MODEL", "DATASET"},
    "features profile": {"SPEC"},
    "features suggest": {"SPEC"},
    "publish": {"DATASET"},
}
"""Verb of ``%proml`` to the kinds of its arguments that name a variable or a file."""
_OPTIONS = {
    "--on": "DATASET", "--rows": "DATASET", "--spec": "SPEC", "--from": "VALUE",
}  # fmt: skip
_POSITIONAL = {
    "dataset": "SPEC", "spec": "SOURCE", "compare": "MODEL", "explain": "MODEL",
    "features suggest": "SPEC", "cv": "SPEC",
}  # fmt: skip
_HOLE = '"?"'
"""Stands in SQL for what an expression will say."""
PROML = "%proml"
"""Stands among the names for the magic itself, which an extension brings."""
_DOLLAR = re.compile(r"(?<!\$)\$([A-Za-z_]\w*)")
_BRACES = re.compile(r"(?<![${])\{([^{}]+)\}(?!\})")
_SINGLE = re.compile(r"'[^']*'")
_SHELLS = ("!", "sx", "system")
_FLAGS = {
    *("--code", "--schema", "-h", "--help", "--json", "--strict", "--quick", "--yes", "--propose"),
    *("--any-key", "--dry-run", "--fresh-env", "--full", "--staged", "--sweep"),
}
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "none"}


@dataclass(frozen=True)
class Effects:
    """What a magic does.

    Attributes
    ----------
    reads
        Python expressions that it evaluates.
    names
        Words that stand for variables, if no file has that name.
    binds
        Names that it makes.
    opaque
        Whether it may make others.
    shell
        Names that a shell line takes the values of; where they are missing nothing is raised.
    maybe
        Such as are variables of the shell if the notebook has no such name.
    tables
        Tables of SQL: frames of the notebook, or sources of the workspace.
    """

    reads: tuple[ast.expr, ...] = ()
    names: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    opaque: bool = False
    shell: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


def effects(magic: Magic) -> Effects:
    """What `magic` reads and binds."""
    if magic.name == "proml":
        return _proml(magic)
    if magic.name in ("load_ext", "reload_ext"):
        return Effects(binds=(PROML,) if magic.text.split(".")[0].strip() == "proml_lab" else ())
    if magic.name in _SHELLS:
        return _shell(magic.text)
    if magic.name == "capture":
        return Effects(binds=_names(magic.text.split()))
    if magic.name == "script" or magic.name in ("bash", "sh", "ruby", "perl"):
        words = magic.text.split()
        kept = [words[i + 1] for i, w in enumerate(words[:-1]) if w in ("--out", "--err", "--proc")]
        return Effects(binds=_names(kept))
    if magic.name == "store" and "-r" in magic.text.split():
        return Effects(opaque=True)
    return Effects(opaque=magic.name not in QUIET)


def expressions(text: str) -> Iterator[tuple[str, ast.expr]]:
    """Each ``{{expr}}`` of `text` with its syntax tree: the shortest that is whole Python."""
    start = 0
    while (opening := text.find("{{", start)) >= 0:
        start = opening + 2
        closing = text.find("}}", start)
        while closing >= 0:
            try:
                found = ast.parse(text[start:closing].strip(), mode="eval").body
            except (SyntaxError, ValueError):
                closing = text.find("}}", closing + 1)
            else:
                yield text[opening : closing + 2], found
                start = closing + 2
                break


def words(text: str) -> list[str]:
    """The words of a ``%proml`` line without its ``;``; each ``{{expr}}`` is one, and empty."""
    for written, _ in expressions(text):
        text = text.replace(written, "\0")
    text = text.strip().removesuffix(";")
    try:
        found = shlex.split(text)
    except ValueError:
        found = text.split()
    return ["" if "\0" in word else word for word in found]


def _proml(magic: Magic) -> Effects:
    reads = tuple(tree for _, tree in expressions(f"{magic.text}\n{magic.body or ''}"))
    verb, *rest = words(magic.text) or [""]
    if f"{verb} {rest[0] if rest else ''}" in READS:
        verb, rest = f"{verb} {rest[0]}", rest[1:]
    names: list[str] = []
    binds: list[str] = []
    positional: list[str] = []
    todo = iter(_split(rest))
    for word in todo:
        if not word.startswith("-") or word in _FLAGS:
            positional += [] if word in _FLAGS else [word]
            continue
        value = next(todo, "")
        if word in ("-o", "--output"):
            binds.append(value)
        elif _OPTIONS.get(word) in READS.get(verb, ()):
            names += value.split(",")
    if verb == "fit":
        binds += positional[:1]
    elif verb == "output":
        names += [word.partition("=")[2] for word in positional]
    elif verb in _POSITIONAL and positional[:1] != ["draft"]:
        names += positional
    if "--code" in rest:
        return Effects(reads)
    names = [name for name in _names(names) if name.lower() not in _WORDS]
    read = _tables(magic.body or "") if verb == "publish" else ()
    return Effects(reads, tuple(names), _names(binds), tables=read)


def _tables(body: str) -> tuple[str, ...]:
    """The tables that the ``sql:`` of a view to publish reads."""
    for written, _ in expressions(body):
        body = body.replace(written, _HOLE)
    try:
        said = yaml.safe_load(body)
    except yaml.YAMLError:
        return ()
    query = said.get("sql") if isinstance(said, dict) else None
    return _names([*tables(query)]) if isinstance(query, str) else ()


def _shell(text: str) -> Effects:
    """The names in ``{expr}`` and ``$name``; those in single quotes may be meant for the shell."""
    sure: list[str] = []
    maybe = _DOLLAR.findall(text)
    quoted = " ".join(_SINGLE.findall(text))
    for inner in _BRACES.findall(text):
        try:
            tree = ast.parse(inner.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            continue
        names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
        if isinstance(tree, ast.Tuple) or f"{{{inner}}}" in quoted:
            maybe += names
        else:
            sure += names
    return Effects(shell=tuple(sure), maybe=tuple(maybe))


def _split(rest: list[str]) -> Iterator[str]:
    """``--on=train`` as two words."""
    for word in rest:
        option, equals, value = word.partition("=")
        yield from (option, value) if word.startswith("--") and equals else (word,)


def _names(given: list[str]) -> tuple[str, ...]:
    return tuple(word for word in given if word.isidentifier())
