"""The table of verbs: one verb, one module of this folder, imported when it is used."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from proml_lab.errors import UsageError, choose
from proml_lab.magics import python
from proml_lab.magics.parser import ArgumentParser, Namespace, variable

if TYPE_CHECKING:
    from proml_lab.magics.context import Context

NOTEBOOK = "%proml"
COMMAND = "proml"
NAMES = (
    "features",
    "features show",
    "features coverage",
    "features similar",
    "features suggest",
    "features check",
    "features lineage",
    "features impact",
    "features usage",
    "features health",
    "features materialize",
    "features lookup",
    "features online",
    "features profile",
    "features draft",
    "browse",
    "dataset",
    "spec",
    "fit",
    "cv",
    "compare",
    "explain",
    "output",
    "publish",
    "lint",
    "promote",
    "artifacts",
    "show",
    "diff",
    "alias",
    "rollback",
    "reproduce",
    "verify",
    "export",
    "import",
    "gc",
    "init",
    "help",
)
"""In the order of a day's work, which is the order of `%proml help`.

A verb of two words is its first word's companion: ``features check``.
"""


class Verb(Protocol):
    """What a verb's module offers.

    `HELP` is one line, `EXAMPLES` a few lines as they are typed after ``%proml``, `BODY` what a
    ``%%proml`` cell's body holds, or nothing if the verb reads none. A verb may also have
    `COMMANDS`, the examples for the command line where they differ,
    ``summary(value) -> object``: what the command line shows in place of the result,
    ``status(value) -> int``: what the command ends with, 1 for a verdict that is bad, and
    ``about(words) -> str``: what ``--help`` tells besides of what `words` name.
    """

    HELP: str
    EXAMPLES: str
    BODY: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments; `metavar` says what kind of thing each is."""
        ...

    def run(self, args: Namespace, context: Context) -> object:
        """Do it and hand back the result; `args.body` is the cell's body or None."""
        ...

    def code(self, args: Namespace) -> str:
        """The Python that does the same."""
        ...


def split(words: Sequence[str]) -> tuple[str, list[str]]:
    """The verb that `words`, at least one, begin with, which may be two of them, and the rest."""
    both = " ".join(words[:2])
    return (both, list(words[2:])) if both in NAMES else (words[0], list(words[1:]))


def load(name: str) -> Verb:
    """The verb `name`; raises UsageError with the nearest for one that is not there."""
    if name not in NAMES:
        raise UsageError(f"There is no verb {name!r}.", hint=choose(name, NAMES))
    module = f"{name}_" if keyword.iskeyword(name) else name.replace(" ", "_")
    return cast(Verb, import_module(f"proml_lab.magics.{module}"))


def parser(name: str, *, prog: str) -> ArgumentParser:
    """The parser of verb `name`, with the options of all verbs.

    `prog` is what stands before the verb: ``%proml`` in a notebook, ``proml`` on the command line.
    """
    verb = load(name)
    lines = (getattr(verb, "COMMANDS", "") if prog == COMMAND else "") or verb.EXAMPLES
    shown = NOTEBOOK if name == "output" else prog  # which is said in notebooks only
    examples = "\n".join(f"  {shown} {line}" for line in lines.strip().splitlines())
    title = "examples" if shown == prog else "examples in a notebook"
    if verb.BODY and prog == NOTEBOOK:
        examples += f"\n  %{prog} {name} …: the cell's body holds {verb.BODY}"
    made = ArgumentParser(
        f"{prog} {name}",
        description=verb.HELP[0].upper() + verb.HELP[1:] + ".",
        epilog=f"{title}:\n{examples}",
    )
    verb.add_arguments(made)
    if prog == NOTEBOOK:
        kept: dict[str, Any] = {"metavar": "NAME", "type": variable}
        made.add_argument("-o", "--output", help="keep the result as this variable", **kept)
    else:
        made.add_argument(
            "-o", "--output", metavar="PATH", help="keep the result in this new file or folder"
        )
        made.add_argument("--json", action="store_true", help="print the result as JSON")
    made.add_argument(
        "--code", action="store_true", help="only print the Python that does the same"
    )
    made.set_defaults(command=prog == COMMAND)
    made.add_argument("--workspace", metavar="FOLDER", help="the workspace's folder")
    return made


def help_text(name: str, words: list[str], *, prog: str) -> str:
    """How verb `name` is used, and what it tells of the things that `words` name."""
    tell = getattr(load(name), "about", None)
    more: str = tell(words) if tell is not None else ""
    return parser(name, prog=prog).format_help() + more


def code(name: str, args: Namespace) -> str:
    """The Python of verb `name`, its result kept under ``-o`` if that was asked for."""
    source = load(name).code(args).rstrip("\n")
    if not args.output:
        return source
    made = "schema" if getattr(args, "schema", False) else name.replace(" ", "_")
    return python.kept(made, source, args.output, as_file=args.command)


def overview(prog: str) -> str:
    """All verbs, a line each."""
    lines = [f"{prog} VERB …", ""]
    width = max(map(len, NAMES))
    lines += [f"  {name:<{width}} {load(name).HELP}" for name in NAMES]
    return "\n".join([*lines, "", f"{prog} help VERB says more, {prog} VERB --help the same."])
