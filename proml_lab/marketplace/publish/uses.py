"""Whom a change of a view harms: specs, notebooks and artifacts in use, straight or by features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.know.graph import graph
from proml_lab.marketplace.know.impact import Hit, caused, hits
from proml_lab.marketplace.know.mentions import mentions
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.publish.changes import Change
from proml_lab.marketplace.view import FeatureView


@dataclass(frozen=True)
class Harm:
    """`by` depends on what a breaking change is about; `in_use`: so that it is refused.

    A derived feature that nobody uses is not in use, nor is an artifact without an alias.
    """

    by: str
    in_use: bool = True

    def __str__(self) -> str:
        return self.by


def harmed(
    root: Path,
    views: Iterable[FeatureView],
    before: FeatureView | None,
    found: Iterable[Change],
    promoted: Iterable[Use] = (),
) -> tuple[Harm, ...]:
    """Who depends on what the breaking ones of the changes `found` are about, each once.

    Parameters
    ----------
    root
        The workspace's folder: its specs and notebooks are read.
    views
        Those of the catalogue; the changed one is taken as it was.
    before
        The view as it was published; None: it is new, and harms nobody.
    found
        What changes.
    promoted
        Uses by artifacts, as `promote.uses.promoted` finds them.

    Notes
    -----
    Who asks for a published version, ``view@1``, is not harmed. A spec that cannot be read counts
    as harmed: nobody can tell.
    """
    breaking = [one for one in found if one.breaking]
    if before is None or not breaking:
        return ()
    catalog = Catalog((*(one for one in views if one.view != before.view), _alone(before)))
    told = mentions(root, catalog)
    used = [use for use in (*told.uses, *promoted) if not use.pinned]
    whole = graph(catalog, used)
    causes = [caused(before.view, one) for one in breaking]
    reached = {hit.node: hit for cause in causes for hit in hits(whole, cause)}
    return (*_told(reached.values()), *_unread(told.unread))


def _alone(view: FeatureView) -> FeatureView:
    """The view as a catalogue takes it though an entity or input of it may be gone by now."""
    return view.model_copy(update={"entities": {}}).linked({}, {}, {})


def _told(reached: Iterable[Hit]) -> Iterator[Harm]:
    for hit in reached:
        name = hit.node.name
        if hit.node.kind in ("feature", "view"):
            name = str(hit.node)
        elif hit.aliases:
            name = f"{name} ({', '.join(hit.aliases)})"
        yield Harm(name, hit.counts)


def _unread(files: Iterable[str]) -> Iterator[Harm]:
    return (Harm(f"{file} (it cannot be read)") for file in files)
