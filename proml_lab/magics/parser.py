"""Arguments of a verb: argparse that raises our errors, and a line split into words."""

from __future__ import annotations

import argparse
import builtins
import difflib
import keyword
import shlex
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from proml_lab.errors import UsageError, unknown

Namespace = argparse.Namespace


class ArgumentParser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` that never exits and never prints.

    `metavar` says what kind of thing an argument is (``MODEL``, ``SPEC``, ``FEATURE``, …):
    that is what completion offers. `actions` holds every argument in its order.
    """

    def __init__(self, prog: str, description: str = "", epilog: str = "") -> None:
        self.actions: list[argparse.Action] = []
        self._problem: UsageError | None = None
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def add_argument(self, *names: str, **settings: Any) -> argparse.Action:
        if "type" in settings:
            settings["type"] = self._watched(settings["type"])
        action = super().add_argument(*names, **settings)
        self.actions.append(action)
        places = [place for place in map(_place, self.actions) if place]
        self.usage = " ".join(["%(prog)s", *places, "[options]"])
        return action

    @property
    def options(self) -> dict[str, argparse.Action]:
        """Every option string, short and long, and its action."""
        return {name: action for action in self.actions for name in action.option_strings}

    def parse(self, tokens: Sequence[str]) -> Namespace:
        """The arguments in `tokens`.

        Raises
        ------
        UsageError
            An unknown option (with the nearest), a missing or a surplus argument, a wrong value.
        """
        for word in tokens:
            if word == "--":
                break
            name = word.split("=", 1)[0]
            if name.startswith("--") and name not in self.options:
                raise UsageError(f"There is no option {name!r}.", hint=self._nearest(name))
        found, extra = self.parse_known_args(list(tokens))
        if extra and extra[0].startswith("-"):
            raise UsageError(f"There is no option {extra[0]!r}.", hint=self._nearest(extra[0]))
        if extra:
            raise UsageError(f"There is no place for {' '.join(extra)!r}.", hint=self.format_line())
        return found

    def error(self, message: str) -> NoReturn:
        """What argparse calls for anything that it cannot read."""
        if self._problem is not None:
            raise self._problem
        text = message[0].upper() + message[1:]
        raise UsageError(f"{text}.", hint=self.format_line())

    def format_line(self) -> str:
        """The usage in one line."""
        return " ".join(self.format_usage().split())

    def _watched(self, read: Callable[[str], object]) -> Callable[[str], object]:
        """`read`, its UsageError kept: argparse would put words of its own in its place."""

        def watched(text: str) -> object:
            try:
                return read(text)
            except UsageError as error:
                self._problem = error
                raise

        watched.__name__ = getattr(read, "__name__", "value")
        return watched

    def _nearest(self, name: str) -> str:
        long = [option for option in self.options if option.startswith("--")]
        near = difflib.get_close_matches(name.lstrip("-"), [o[2:] for o in long], n=1)
        return f"did you mean '--{near[0]}'?" if near else f"choose one of {', '.join(long)}."


def _place(action: argparse.Action) -> str:
    """How `action` stands in the line of usage; options that may be left out do not."""
    name = str(action.metavar)
    if action.option_strings:
        return f"{action.option_strings[-1]} {name}" if action.required else ""
    shown = f"{name} …" if action.nargs in ("*", "+") else name
    return f"[{shown}]" if action.nargs in ("*", "?") else shown


def split(line: str) -> list[str]:
    """The words of a line: quotes hold words together, ``#`` and backslashes are plain.

    Raises
    ------
    UsageError
        A quote that is not closed.
    """
    words = shlex.shlex(line, posix=True, punctuation_chars=False)
    words.whitespace_split = True
    words.commenters = ""
    words.escape = ""
    try:
        return list(words)
    except ValueError:
        raise UsageError(
            f"A quote in {line.strip()!r} is not closed.", hint="close it, or leave it out."
        ) from None


def one_of(role: str, *choices: str) -> Callable[[str], str]:
    """An argument type that accepts `choices`, and names the nearest for anything else."""

    def check(text: str) -> str:
        if text not in choices:
            raise unknown(role, text, choices)
        return text

    return check


def variable(name: str) -> str:
    """`name`, if it can be a variable and is none of Python's own names; raises UsageError."""
    if keyword.iskeyword(name):
        raise UsageError(
            f"{name!r} is a word of Python's language.", hint=f"take another: such as '{name}_1'."
        )
    if not name.isidentifier():
        raise UsageError(
            f"{name!r} cannot be a variable.",
            hint="letters, digits and _, not starting with a digit: such as 'gbm'.",
        )
    if name != "_" and hasattr(builtins, name):
        raise UsageError(
            f"{name!r} is a name of Python's own, which would be lost.",
            hint=f"take another: such as '{name}_1'.",
        )
    return name


def comma_list(text: str) -> list[str]:
    """``"a, b"`` as ``["a", "b"]``; raises UsageError if nothing is left."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names:
        raise UsageError("An empty list was given.", hint="names with commas between: a,b,c.")
    return names


def setting(text: str) -> tuple[str, object]:
    """``"key=value"`` as (key, value): numbers, true, false, null and lists as YAML reads them.

    Raises
    ------
    UsageError
        No ``=``, an empty key, or a value that YAML cannot read.
    """
    import yaml

    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"{text!r} is not a setting.", hint="write key=value.")
    try:
        return key.strip(), yaml.safe_load(value)
    except (yaml.YAMLError, ValueError):
        raise UsageError(
            f"The value of {key.strip()!r} cannot be read: {value!r}.",
            hint="put text with special signs in quotes.",
        ) from None
