"""Who uses which feature: specs, notebooks and artifacts, how often and when last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import polars as pl

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.sensitivity import personal

if TYPE_CHECKING:
    import plotly.graph_objects as go

UseKind = Literal["spec", "notebook", "artifact"]
_USES = {
    "view": pl.String(), "feature": pl.String(), "kind": pl.String(), "name": pl.String(),
    "model": pl.String(), "version": pl.Int64(), "aliases": pl.List(pl.String()),
    "notebook": pl.String(), "who": pl.String(), "when": pl.Datetime("us", "UTC"),
}  # fmt: skip
_MOST = 30


@dataclass(frozen=True)
class Use:
    """One place that uses one feature.

    Attributes
    ----------
    view, feature
        The feature; it may be gone from the catalogue.
    kind, name
        A ``spec`` or ``notebook`` by its path in the workspace, an ``artifact`` by its key,
        ``name@version``.
    model, version, aliases, learner, dataset, notebook
        Of an artifact: its name and version, the aliases that it has now, what learnt, the
        fingerprint of the training rows, and the notebook that was promoted. A spec has a model.
    who, when
        Who last changed the spec or notebook, if git knows; when that was, or the promotion (UTC).
    pinned
        Whether it asks for a published version, ``view@1``, which never changes.
    """

    view: str
    feature: str
    kind: UseKind
    name: str
    model: str = ""
    version: int | None = None
    aliases: tuple[str, ...] = ()
    learner: str = ""
    dataset: str = ""
    notebook: str = ""
    who: str = ""
    when: datetime | None = None
    pinned: bool = False

    @property
    def key(self) -> str:
        """``view.feature``."""
        return f"{self.view}.{self.feature}"


@dataclass(frozen=True, eq=False)
class UsageReport:
    """The `uses` of some features, and how often each feature is used.

    A `Report`: `frame`, `figure` and a static rich form. `asked` is what was asked about; `notes`
    tell of files that could not be read.
    """

    uses: tuple[Use, ...] = field(repr=False)
    counted: pl.DataFrame = field(repr=False)
    asked: str = ""
    notes: tuple[str, ...] = ()

    def frame(self) -> pl.DataFrame:
        """One row a feature, the most used first.

        Columns: ``view``, ``feature``; ``artifacts``, ``models``, ``specs``, ``notebooks``,
        ``people``: how many use it; ``champion``: whether a version with an alias does; ``last``
        use, UTC; ``by``: the names of all these people.
        """
        return self.counted

    def rows(self) -> pl.DataFrame:
        """One row a use: ``view``, ``feature``, ``kind``, ``name``, ``model``, ``version``,
        ``aliases``, ``notebook``, ``who``, ``when`` (UTC).
        """
        names = [name for name in _USES if name != "aliases"]
        rows = [
            {name: getattr(use, name) for name in names} | {"aliases": list(use.aliases)}
            for use in self.uses
        ]
        return pl.DataFrame(rows, schema=_USES)

    @property
    def title(self) -> str:
        """What was found, in one line."""
        used = self.counted.filter(pl.col("artifacts") + pl.col("specs") + pl.col("notebooks") > 0)
        of = f" of {self.asked}" if self.asked else ""
        many = "feature" if self.counted.height == 1 else "features"
        return f"{used.height} of {self.counted.height} {many}{of} in use"

    def figure(self) -> go.Figure:
        """How many artifacts, specs and notebooks use each of the most used features."""
        from proml_lab.plots.bars import counts

        shown = self.counted.head(_MOST).select(
            (pl.col("view") + "." + pl.col("feature")).alias("name"),
            (pl.col("artifacts") + pl.col("specs") + pl.col("notebooks")).alias("n"),
        )
        return counts(shown, title=self.title, what="uses")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        shown = self.counted.select(
            (pl.col("view") + "." + pl.col("feature")).alias("feature"),
            "artifacts", "models", "specs", "notebooks",
            pl.col("by").list.join(", ").alias("people"),
            pl.col("last").dt.strftime("%Y-%m-%d").alias("last use"),
        )  # fmt: skip
        uses = self.rows().select(
            "name",
            pl.col("aliases").list.join(", "),
            (pl.col("view") + "." + pl.col("feature")).alias("uses"),
            "who",
            pl.col("when").dt.strftime("%Y-%m-%d"),
        )
        plain = "\n".join([self.title, html.text_table(shown, max_rows=_MOST), *self.notes])
        return html.bundle(
            plain,
            html.table(shown, caption=self.title, max_rows=_MOST),
            html.details("Every use", html.table(uses, max_rows=200)),
            *map(html.note, self.notes),
        )


def usage(
    catalog: Catalog, uses: Iterable[Use], *, of: str = "", notes: Iterable[str] = ()
) -> UsageReport:
    """How often each feature is used, and by whom.

    Parameters
    ----------
    catalog
        Its features are told of, those without a use too.
    uses
        What `know.mentions.mentions` finds in the workspace, and `promote.uses` in its artifacts.
    of
        Only of this view, or of ``view.feature``; of all if empty.
    notes
        Handed on to the report.

    Raises
    ------
    UnknownNameError
        Neither the catalogue nor a use knows `of`.
    """
    from proml_lab.errors import unknown

    found = list(uses)
    keys = dict.fromkeys([*catalog.names(), *(use.key for use in found)])
    chosen = [key for key in keys if not of or of in (key, key.rpartition(".")[0])]
    if of and not chosen:
        views = {key.rpartition(".")[0] for key in keys}
        raise unknown("view or feature", of, [*views, *keys])
    by_key: dict[str, list[Use]] = {key: [] for key in chosen}
    for use in found:
        if use.key in by_key:
            by_key[use.key].append(use)
    rows = [_counted(key, some) for key, some in by_key.items()]
    counted = pl.DataFrame(rows, schema=_COUNTED).sort(
        "artifacts", "specs", "notebooks", descending=True, maintain_order=True
    )
    kept = tuple(use for some in by_key.values() for use in some)
    return UsageReport(kept, counted, asked=of, notes=(*notes, *personal(catalog, chosen)))


_COUNTED = {
    "view": pl.String(), "feature": pl.String(), "artifacts": pl.Int64(), "models": pl.Int64(),
    "specs": pl.Int64(), "notebooks": pl.Int64(), "people": pl.Int64(), "champion": pl.Boolean(),
    "last": pl.Datetime("us", "UTC"), "by": pl.List(pl.String()),
}  # fmt: skip


def _counted(key: str, uses: list[Use]) -> dict[str, object]:
    view, _, feature = key.rpartition(".")
    people = sorted({use.who for use in uses if use.who})
    notebooks = {use.name for use in uses if use.kind == "notebook"}
    notebooks |= {use.notebook for use in uses if use.notebook}
    times = [use.when for use in uses if use.when]
    return {
        "view": view,
        "feature": feature,
        "artifacts": len({use.name for use in uses if use.kind == "artifact"}),
        "models": len({use.model for use in uses if use.model}),
        "specs": len({use.name for use in uses if use.kind == "spec"}),
        "notebooks": len(notebooks),
        "people": len(people),
        "champion": any(use.aliases for use in uses),
        "last": max(times) if times else None,
        "by": people,
    }
