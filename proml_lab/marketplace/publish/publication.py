"""What publishing a view changes, whom that harms, and what was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from proml_lab.marketplace.publish.changes import Change
from proml_lab.marketplace.publish.duplicates import Duplicate
from proml_lab.marketplace.publish.uses import Harm

_SCHEMA = {
    "feature": pl.String(), "field": pl.String(), "change": pl.String(),
    "breaking": pl.Boolean(), "new_version": pl.Boolean(),
}  # fmt: skip
_PROFILE = ("feature", "type", "n_rows", "nulls", "n_distinct", "low", "middle", "high")


@dataclass(frozen=True, eq=False)
class Publication:
    """A view that is, or would be, published.

    Attributes
    ----------
    view, version, before
        Its name, its version and the newest published one until now, or None.
    changes
        What differs from that one.
    renews
        Whether this is a version of its own.
    harmed
        Who depends on what a breaking change is about; `Harm.in_use` says whether that counts.
    unsure
        Why not all that may be harmed is known.
    duplicates
        Features that are there already.
    profile
        One row a feature, see `know.profile`.
    by, owner, mine
        Who publishes, as git knows them, who owns the view until now, and whether these are the
        same, or nobody in particular owns it.
    sensitive
        Its features that are personal.
    lowered
        Its features that say less than what they read: (name, what it says, what that is).
    n_rows
        How many rows are written as its source, or None.
    done
        ``published``, ``proposed``, or nothing yet.
    files, commit, forced
        What was, or will be, written; the commit's first digits; the reason why it was forced.
    """

    view: str
    version: int
    before: int | None
    changes: tuple[Change, ...] = ()
    renews: bool = True
    harmed: tuple[Harm, ...] = ()
    unsure: tuple[str, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    profile: pl.DataFrame | None = field(default=None, repr=False)
    by: str = ""
    owner: str = ""
    mine: bool = True
    sensitive: tuple[str, ...] = ()
    lowered: tuple[tuple[str, str, str], ...] = ()
    n_rows: int | None = None
    done: str = ""
    files: tuple[Path, ...] = ()
    commit: str = ""
    forced: str = ""
    root: Path = field(default=Path(), repr=False)

    @property
    def key(self) -> str:
        """``shop.sales@2``."""
        return f"{self.view}@{self.version}"

    @property
    def pending(self) -> bool:
        """Whether it differs from what is published."""
        return self.renews or bool(self.changes)

    @property
    def refused(self) -> tuple[Harm, ...]:
        """What is in use and harmed: a reason is needed to publish it."""
        return tuple(one for one in self.harmed if one.in_use)

    def frame(self) -> pl.DataFrame:
        """``feature``, ``field``, ``change``, ``breaking``, ``new_version``: one row a change."""
        rows = [(c.feature, c.field, c.what, c.breaking, c.renews) for c in self.changes]
        return pl.DataFrame(rows, schema=_SCHEMA, orient="row")

    @property
    def title(self) -> str:
        """What this is, in one line."""
        if self.done == "proposed":
            return f"{self.key} is proposed."
        if not self.pending:
            return f"{self.key} is published as it is."
        verb = "is published" if self.done else "would be published"
        if self.before is None:
            return f"{self.key} {verb}: the first version."
        if self.renews:
            return f"{self.key} {verb}, after version {self.before}."
        return f"{self.key} {verb}: what it means stays, what is said of it changes."

    def notes(self) -> list[str]:
        """What else there is to know, a line each."""
        said = [f"{d.feature} is like {d.other}: {d.why}." for d in self.duplicates]
        said += [f"{name} is personal." for name in self.sensitive]
        said += [
            f"{name} says that it is {own}, but reads what is {read}."
            for name, own, read in self.lowered
        ]
        if self.refused:
            by = ", ".join(map(str, self.refused))
            forced = f"; forced: {self.forced}" if self.forced else ""
            said.append(f"It breaks what {by} uses{forced}.")
        if idle := [str(one) for one in self.harmed if not one.in_use]:
            said.append(f"It touches {', '.join(idle)} too, which nobody uses.")
        said += self.unsure
        if self.n_rows is not None:
            said.append(f"{self.n_rows:,} rows {'are' if self.done else 'would be'} its source.")
        if self.done:
            places = [str(f.relative_to(self.root)) for f in self.files]
            said.append(f"Written: {', '.join(places)}." if places else "Nothing was to write.")
            if self.done == "proposed":
                said.append(f"An owner publishes it by: proml publish {places[-1]} --yes.")
            said.append(f"Commit {self.commit}." if self.commit else "Nothing was committed.")
        elif not self.mine:
            said.append(f"It is owned by {self.owner}: add --propose --yes to propose it.")
        elif self.pending or self.n_rows is not None:
            said.append("Nothing is written yet: add --yes to publish it.")
        return said

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        shown = self.frame().select(
            "feature", "change", pl.when("breaking").then(pl.lit("yes")).alias("breaking")
        )
        profile = self.profile.select(_PROFILE) if self.profile is not None else None
        plain = [self.title]
        parts = [html.lead(self.title)]
        if self.changes:
            plain.append(html.text_table(shown, max_rows=60))
            parts.append(html.table(shown, caption="Changes", max_rows=60))
        plain += self.notes()
        parts += [html.note(line) for line in self.notes()]
        if profile is not None:
            formats = {"nulls": ".1%"}
            plain.append(html.text_table(profile, max_rows=30, formats=formats, width=100))
            parts.append(
                html.table(profile, caption="What its values are", max_rows=30, formats=formats)
            )
        return html.bundle("\n".join(plain), *parts)
