"""Which learners there are: ours and those of other packages, by the same entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from proml_lab.contracts import Learner
from proml_lab.errors import UnknownNameError, unknown

GROUP = "proml_lab.learners"


def names() -> tuple[str, ...]:
    """Names of the learners that are installed, sorted; none of them is loaded for it."""
    return tuple(sorted(entry_points(group=GROUP).names))


def get(name: str) -> Learner:
    """The learner called `name`.

    Raises
    ------
    UnknownNameError
        No installed package offers it, two do, or the one that does cannot be loaded.
    """
    found = entry_points(group=GROUP)
    offers = {entry.value: entry for entry in found if entry.name == name}
    if not offers:
        raise unknown("learner", name, found.names)
    if len(offers) > 1:
        packages = " and by ".join(map(_origin, offers.values()))
        raise UnknownNameError(
            f"Learner {name!r} is offered twice: by {packages}.",
            hint="remove one of the packages.",
        )
    (entry,) = offers.values()
    return _load(entry)


def _load(entry: EntryPoint) -> Learner:
    try:
        learner = entry.load()()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UnknownNameError(
            f"Learner {entry.name!r} of {_origin(entry)} cannot be loaded: {reason}.",
            hint="install that package again, or remove it.",
        ) from error
    if not isinstance(learner, Learner):
        raise UnknownNameError(
            f"Learner {entry.name!r} of {_origin(entry)} is not a learner.",
            hint="it needs all that proml_lab.contracts.Learner lists, such as reads and fit.",
        )
    return learner


def _origin(entry: EntryPoint) -> str:
    package = entry.dist.name if entry.dist else "an unnamed package"
    return f"{package} ({entry.value})"
