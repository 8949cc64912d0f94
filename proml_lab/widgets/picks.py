"""What was picked in a browser, as the ``features:`` of a spec and as Python that joins it."""

from __future__ import annotations

from collections.abc import Iterable


class Picks:
    """`picked` holds features as ``group.view.feature``, in the order in which they were picked."""

    picked: list[str]

    @property
    def features(self) -> list[dict[str, list[str]]]:
        """The ``features:`` of a spec, for `Workspace.training_set` and `ModelSpec`."""
        return grouped(self.picked)

    def spec(self) -> str:
        """The ``features:`` of a spec as YAML; empty where nothing is picked."""
        return as_yaml(self.picked)


def grouped(picked: Iterable[str]) -> list[dict[str, list[str]]]:
    """``[{view: [features]}]``, each once, views in the order of their first pick."""
    views: dict[str, list[str]] = {}
    for name in dict.fromkeys(picked):
        view, _, feature = name.rpartition(".")
        views.setdefault(view, []).append(feature)
    return [{view: features} for view, features in views.items()]


def as_yaml(picked: Iterable[str]) -> str:
    """`grouped` as the YAML of a spec."""
    lines = [
        f"  - {view}: [{', '.join(features)}]"
        for item in grouped(picked)
        for view, features in item.items()
    ]
    return "\n".join(["features:", *lines]) if lines else ""


def as_python(picked: Iterable[str], spine: str, *, cutoff: str = "", opened: str = "") -> str:
    """Python that joins what is picked to `spine`, an expression, such as ``'flights'``.

    `opened` is the expression that opens the workspace, ``open_workspace()`` if empty.
    """
    groups = [
        f'        {{"{view}": [{", ".join(_quoted(one) for one in features)}]}},'
        for item in grouped(picked)
        for view, features in item.items()
    ]
    lines = [
        "from proml_lab import open_workspace",
        "",
        f"train = {opened or 'open_workspace()'}.training_set(",
        f"    {spine},",
        "    [",
        *groups,
        "    ],",
        *([f"    cutoff={_quoted(cutoff)},"] if cutoff else []),
        ")",
        "train",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return f'"{text}"'
