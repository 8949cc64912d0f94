"""Who uses the features of a view: specs of the workspace, and views that are derived from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proml_lab.errors import SpecError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.publish.changes import Change
from proml_lab.spec import ModelSpec

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_SPECS = ("*.proml.yaml", "*.proml.yml")


@dataclass(frozen=True)
class Use:
    """`by`, a spec's path or a view's name, uses `feature`; no feature: all of the view, or maybe.

    `why` says more where it is not certain.
    """

    by: str
    feature: str
    why: str = ""

    def __str__(self) -> str:
        return self.by + (f" ({self.why})" if self.why else "")


def uses(workspace: Workspace, catalog: Catalog, view: str) -> tuple[Use, ...]:
    """What uses the view as it is today; who asks for a published version, ``view@1``, does not.

    A spec that cannot be read counts as one that uses it: nobody can tell.
    """
    return (*_derived(catalog, view), *_specs(workspace, view))


def harmed(found: Iterable[Change], used: Iterable[Use]) -> tuple[Use, ...]:
    """Those who use what the breaking ones of the changes `found` are about, each once."""
    breaking = [one for one in found if one.breaking]
    features = {one.feature for one in breaking}
    hit = [use for use in used if breaking and (not use.feature or features & {"", use.feature})]
    return tuple({use.by: use for use in hit}.values())


def _derived(catalog: Catalog, view: str) -> Iterator[Use]:
    for other in catalog.views:
        for wanted in other.inputs.values():
            group, _, feature = wanted.feature.rpartition(".")
            if group == view:
                yield Use(f"view {other.view}", feature)


def _specs(workspace: Workspace, view: str) -> Iterator[Use]:
    files = {file for kind in _SPECS for file in workspace.root.rglob(kind)}
    for file in sorted(files):
        path = file.relative_to(workspace.root)
        if any(part.startswith(".") for part in path.parts):
            continue
        try:
            asked = ModelSpec.read(file).features
        except SpecError:
            yield Use(str(path), "", why="it cannot be read")
            continue
        for item in asked:
            yield from (Use(str(path), feature) for feature in _asked(item, view))


def _asked(item: str | dict[str, list[str] | dict[str, str]], view: str) -> Iterator[str]:
    """The features of `view` that one entry of a spec asks for; an empty one for all."""
    if isinstance(item, str):
        if item == view:
            yield ""
        elif item.rpartition(".")[0] == view:
            yield item.rpartition(".")[2]
        return
    names = item.get(view)
    if names is not None:
        yield from names.values() if isinstance(names, dict) else names
