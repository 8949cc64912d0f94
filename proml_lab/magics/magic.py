"""``%proml`` and ``%%proml`` in IPython: read the line, run the verb, hand back its result."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Enum, Int, Unicode
from traitlets.config import Configurable

from proml_lab.errors import ProMLError, UsageError
from proml_lab.interrupt import held_back
from proml_lab.magics import interpolate, verbs
from proml_lab.magics.answer import Text
from proml_lab.magics.context import Context
from proml_lab.magics.parser import Namespace
from proml_lab.magics.progress import Style, interrupts
from proml_lab.magics.wording import in_notebook, plain_warnings
from proml_lab.promoting import promoting

_IN_PARTS = ("numpy", "polars")
"""Packages that, cut off while they are imported, cannot be imported again in this kernel."""

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class ProML(Configurable):
    """``%config ProML``: how the magics behave in this notebook."""

    workspace = Unicode(
        "", help="Folder of the workspace; empty: PROML_WORKSPACE, else the one around this folder."
    ).tag(config=True)
    progress = Enum(
        ["auto", "bar", "lines", "off"],
        "auto",
        help="A bar that updates in place, plain lines, or nothing; auto: a bar in a notebook.",
    ).tag(config=True)
    rows = Int(
        0, min=0, max=1000, help="Rows shown of a table; 0: what the workspace's settings say."
    ).tag(config=True)


@magics_class
class ProMLMagics(Magics):
    """The magic itself; it parses and shows, the verbs do the work."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.evaluate = shell.ev
        self.settings = ProML(parent=shell)
        self.context = Context(shell.user_ns, suggest=shell.set_next_input)

    @no_var_expand
    @line_cell_magic
    def proml(self, line: str, cell: str | None = None) -> object:
        """Browse features, fit, compare, explain, promote: see ``%proml help``."""
        line = line.strip()
        quiet = line.endswith(";")
        words = interpolate.words(line.removesuffix(";"), self.evaluate)
        body = None if cell is None else interpolate.text(cell, self.evaluate)
        try:
            with interrupts(), plain_warnings():
                value = self._run(words, body)
        except ProMLError as error:
            said = error.saying(error.message, hint=in_notebook(error.hint))
            raise said.with_traceback(error.__traceback__) from error.__cause__
        return None if quiet else value

    def _run(self, words: list[str], body: str | None) -> object:
        asks = not words or words[0] in ("-h", "--help")
        name, rest = ("help", words[1:]) if asks else verbs.split(words)
        if "-h" in rest or "--help" in rest:
            return Text(verbs.help_text(name, rest, prog=verbs.NOTEBOOK))
        args = verbs.parser(name, prog=verbs.NOTEBOOK).parse(rest)
        args.body = _checked(name, body)
        if args.code:
            print(verbs.code(name, args))
            return None
        with held_back():  # what verbs and their results stand on, whole or not at all
            verb = verbs.load(name)
            for package in _IN_PARTS if name != "help" else ():
                import_module(package)
        try:
            value = verb.run(args, self._surroundings(args))
        finally:  # what was said for this once does not hold for completion, or for the next
            self.context.folder = self.settings.workspace
        if args.output:
            self.context.bind(args.output, value)
        return value

    def _surroundings(self, args: Namespace) -> Context:
        self.context.folder = args.workspace or self.settings.workspace
        self.context.style = self._style()
        self.context.rows = self.settings.rows
        return self.context

    def _style(self) -> Style:
        if self.settings.progress != "auto":
            return cast(Style, self.settings.progress)
        if promoting():  # a promotion tells its progress itself
            return "off"
        return "bar" if hasattr(self.shell, "kernel") else "lines"


def load(shell: InteractiveShell) -> None:
    """Register the magic, its settings and its completion with `shell`; twice is once."""
    from proml_lab.magics.complete import Completion

    unload(shell)
    magics = ProMLMagics(shell)
    shell.register_magics(magics)
    shell.configurables.append(magics.settings)  # type: ignore[arg-type]
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(Completion(magics.context))


def unload(shell: InteractiveShell) -> None:
    """Take away what `load` registered."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("proml", None)
    shell.configurables[:] = [
        one for one in shell.configurables if not isinstance(one, ProML | ProMLMagics)
    ]
    if shell.Completer is not None:
        from proml_lab.magics.complete import Completion

        matchers = shell.Completer.custom_matchers
        matchers[:] = [one for one in matchers if not isinstance(one, Completion)]


def _checked(name: str, body: str | None) -> str | None:
    reads = verbs.load(name).BODY
    if body is not None and not reads:
        readers = [f"%%proml {verb}" for verb in verbs.NAMES if verbs.load(verb).BODY]
        raise UsageError(
            f"%%proml {name} reads no cell body.",
            hint=f"use %proml {name}; a body is read by {' and '.join(readers)}.",
        )
    if body is not None and not body.strip():
        raise UsageError(f"The body of %%proml {name} is empty.", hint=f"it holds {reads}.")
    return body
