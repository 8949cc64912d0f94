"""The packages that a model needs to be loaded: fewer than those that were installed."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import entry_points

from proml_lab.promote.freeze.installed import Package, normal

OURS = "proml-lab"
_GROUP = "proml_lab.learners"


def needed(
    learner: str, installed: Iterable[Package], *, also: Iterable[str] = ()
) -> tuple[Package, ...]:
    """Those of `installed` that load a model of `learner`, sorted by name.

    These are this package, the one that brings the learner, those named in `also`, and all that
    they ask for; extras only where they are asked for by name.
    """
    known = {package.name: package for package in installed}
    brought = (entry.dist for entry in entry_points(group=_GROUP, name=learner))
    names = {OURS, *also, *(normal(dist.name) for dist in brought if dist is not None)}
    waiting = [(name, "") for name in names]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        for asked in _asked(known.get(name), extra):
            if asked not in seen:
                seen.add(asked)
                waiting.append(asked)
    return tuple(known[name] for name in sorted({name for name, _ in seen}) if name in known)


def _asked(package: Package | None, extra: str) -> list[tuple[str, str]]:
    """(name, extra) of each package that `package`, with one of its extras, asks for here."""
    from packaging.requirements import Requirement

    found = []
    for text in package.asks if package else ():
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            name = normal(wanted.name)
            found += [(name, ""), *((name, inner) for inner in wanted.extras)]
    return found
