"""Every error raised on purpose.

ProMLError
├── SpecError             a YAML document that is broken or has wrong fields
├── UnknownNameError      a name that nothing answers to; the hint gives the nearest
├── NameNotAllowedError   a name that cannot be given
├── ColumnMissingError    a frame lacks a column that was asked for
├── DuplicateKeyError     two rows claim the same entity and time
├── DataError             data that cannot be used as it is: empty, one class, nulls, wrong type
├── SourceError           a file or table that cannot be read
├── PublicationError      a view that cannot be published: in use, another's, or changed meanwhile
├── WorkspaceError        no workspace, or a broken one
├── UsageError            a command or call that cannot be understood
├── NotebookError         a notebook that cannot be promoted
├── ParameterError        a notebook parameter that is unknown, missing or of the wrong type
├── RunError              a notebook that failed while it ran
├── GateError             a version that the gates of its spec reject
├── RegistryError         a registry that cannot be opened, read or written
├── ArtifactError         an artifact that is absent, damaged or not one of ours
├── StoreError            an online store that cannot be reached, read or written
├── SigningError          a key that signs or checks signatures and cannot be used
└── MissingExtraError     a part that is not installed
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Self, TypeVar


class ProMLError(Exception):
    """Base of all deliberate failures: the message states the fact, the hint the cure."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}\nHint: {hint}" if hint else message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.hint, self.__dict__))

    def saying(self, message: str, *, hint: str | None = None) -> Self:
        """The same error with another message, and another hint if one is given."""
        own = ("message", "hint")
        state = {name: value for name, value in self.__dict__.items() if name not in own}
        return _rebuild(type(self), message, self.hint if hint is None else hint, state)

    def _render_traceback_(self) -> list[str]:
        """IPython's own hook: one clear line in the notebook; ``%debug`` still works."""
        return [f"{type(self).__name__}: {self}"]


E = TypeVar("E", bound=ProMLError)


def _rebuild(kind: type[E], message: str, hint: str, state: dict[str, object]) -> E:
    error = kind.__new__(kind)
    ProMLError.__init__(error, message, hint=hint)
    error.__dict__.update(state)
    return error


class SpecError(ProMLError, ValueError):
    """A YAML document (model spec, feature view, workspace file) is broken or has wrong fields."""


class UnknownNameError(ProMLError, LookupError):
    """A name that nothing answers to."""


class NameNotAllowedError(ProMLError, ValueError):
    """A name that cannot be given to a model, a view or a folder."""


class ColumnMissingError(ProMLError, LookupError):
    """A column that we were told to use is not in the frame."""


class DuplicateKeyError(ProMLError, ValueError):
    """Two rows claim the same entity and time."""


class DataError(ProMLError, ValueError):
    """Data that cannot be used as it is."""


class SourceError(ProMLError, OSError):
    """A file or table that cannot be read."""


class PublicationError(ProMLError, RuntimeError):
    """A view that cannot be published as it is, by this person, or at this moment."""


class WorkspaceError(ProMLError):
    """No workspace here, or a broken one."""


class UsageError(ProMLError, ValueError):
    """A command or call that cannot be understood."""


class NotebookError(ProMLError, ValueError):
    """A notebook that cannot be promoted."""


class ParameterError(ProMLError, ValueError):
    """A notebook parameter that is unknown, missing or of the wrong type."""


class RunError(ProMLError, RuntimeError):
    """A notebook that failed while it ran; `notebook` is the path of the run up to there."""

    def __init__(self, message: str, *, hint: str = "", notebook: str = "") -> None:
        super().__init__(message, hint=hint)
        self.notebook = notebook


class GateError(ProMLError, RuntimeError):
    """A version that the gates of its spec reject; `artifact` is that version, if it was made."""

    def __init__(self, message: str, *, hint: str = "", artifact: object = None) -> None:
        super().__init__(message, hint=hint)
        self.artifact = artifact


class RegistryError(ProMLError, RuntimeError):
    """A registry that cannot be opened, read or written."""


class ArtifactError(ProMLError, RuntimeError):
    """An artifact that is absent, damaged or not one of ours."""


class StoreError(ProMLError, RuntimeError):
    """An online store that cannot be reached, read or written, or holds something else."""


class SigningError(ProMLError, RuntimeError):
    """A key that signs artifacts, or checks their signatures, and cannot be used."""


class MissingExtraError(ProMLError, ImportError):
    """A part of the package, or a `package` that it can use, that is not installed."""

    def __init__(self, part: str, *, extra: str = "", package: str = "") -> None:
        wanted = package or f"'proml-lab[{extra}]'"
        super().__init__(f"{part} is not installed.", hint=f"run: pip install {wanted}")


def unknown(role: str, name: str, choices: Iterable[str]) -> UnknownNameError:
    """The error for a `name` that is not among `choices`: the nearest first, else all of them."""
    return UnknownNameError(f"There is no {role} {name!r}.", hint=choose(name, choices))


def unreadable(what: str, error: OSError) -> SourceError:
    """The error of `what`, a file or folder that the system does not give."""
    return SourceError(
        f"{what} cannot be read: {error.strerror}.",
        hint="check its name, and that this user may read it and the folders it is in.",
    )


def _alike_long(one: str, other: str) -> bool:
    """A typing error changes a length by little: 'at' is not meant by 'heat'."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    return long.startswith(short) or len(long) - len(short) <= max(1, len(long) // 3)


def choose(name: str, choices: Iterable[str], *, at_most: int = 12) -> str:
    """A hint that leads from a wrong `name` to a right one."""
    names = sorted(set(choices), key=lambda n: (int(n) if n.isdecimal() else -1, n))
    found = near(name, names)
    if found:
        return f"did you mean {' or '.join(map(repr, found))}?"
    if not names:
        return "there is none yet."
    return f"choose one of {listing(names, at_most=at_most)}."


def near(name: str, choices: Iterable[str]) -> list[str]:
    """Those of `choices` that a wrong `name` may have meant, the nearest first, three at most.

    None for a number: 30 is no slip for 3.
    """
    if name.isdecimal():
        return []
    names = sorted(set(choices))
    alike = difflib.get_close_matches(name.lower(), [n.lower() for n in names], n=3, cutoff=0.6)
    found = [n for n in names if n.lower() in alike and _alike_long(n, name)]
    return sorted(found, key=lambda n: alike.index(n.lower()))


def listing(names: Iterable[str], *, at_most: int = 12) -> str:
    """``a, b, c and 4 more``: `names` in their order, the first `at_most` of them."""
    every = list(names)
    more = f" and {len(every) - at_most} more" if len(every) > at_most else ""
    return ", ".join(every[:at_most]) + more
