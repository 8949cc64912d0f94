"""What lint found in a notebook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from proml_lab.promote.lint.codes import CHECKS, Check, Severity
from proml_lab.promote.lint.mutes import Place

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

By = Literal["reading", "run"]
"""What saw it: lint, which only reads the notebook, or the run of a promotion."""
_MOST = 100


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Attributes
    ----------
    severity
        ``error`` stops a promotion, ``warning`` goes into its manifest.
    cell, line
        Which cell, counted from 1 over all cells, and which line of it; None for the whole.
    seen
        What was found, in a few words; a secret is masked.
    muted
        Where it is muted: ``cell``, ``notebook``, or empty.
    reason
        Why it is muted, if the metadata says so.
    by
        ``run`` if only the run of a promotion showed it, else ``reading``.
    """

    code: str
    severity: Severity
    cell: int | None
    line: int | None
    seen: str
    muted: Place = ""
    reason: str = ""
    by: By = "reading"

    @property
    def check(self) -> Check:
        return CHECKS[self.code]

    @property
    def mute(self) -> str:
        """How to mute it."""
        place = "notebook" if self.cell is None else "cell"
        return f'Put {{"proml": {{"mute": ["{self.code}"]}}}} into the {place}\'s metadata.'

    @property
    def place(self) -> str:
        """``cell 4, line 2``."""
        if self.cell is None:
            return "notebook"
        return f"cell {self.cell}" + (f", line {self.line}" if self.line else "")

    def __str__(self) -> str:
        return f"{self.code} {self.place}: {self.check.title}: {self.seen}"

    def document(self) -> dict[str, object]:
        """Its facts, as the manifest keeps them."""
        names = ("code", "severity", "cell", "line", "seen", "muted", "reason", "by")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class LintReport:
    """What lint found in `notebook`, sorted by cell: `findings` that count, and `muted` ones.

    A `Report`: `frame`, `figure` and a static rich form.
    """

    notebook: str
    findings: tuple[Finding, ...]
    muted: tuple[Finding, ...] = field(default=())

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What stops a promotion."""
        return tuple(f for f in self.findings if f.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What goes into the manifest."""
        return tuple(f for f in self.findings if f.severity == "warning")

    @property
    def all(self) -> tuple[Finding, ...]:
        """Findings that count, then muted ones."""
        return (*self.findings, *self.muted)

    def frame(self) -> pl.DataFrame:
        """One row a finding, muted ones last.

        Columns: ``code``, ``severity``, ``cell``, ``line``, ``title``, ``seen``, ``why``,
        ``mend``, ``mute``, ``muted`` (``cell``, ``notebook`` or empty), ``reason`` of the mute,
        ``by`` (``reading`` or ``run``).
        """
        import polars as pl

        kinds: dict[str, pl.DataType] = {
            **dict.fromkeys(("code", "severity"), pl.String()),
            **dict.fromkeys(("cell", "line"), pl.Int64()),
            **dict.fromkeys(
                ("title", "seen", "why", "mend", "mute", "muted", "reason", "by"), pl.String()
            ),
        }
        rows = [
            {
                **{name: getattr(f, name) for name in kinds if hasattr(f, name)},
                **{name: getattr(f.check, name) for name in ("title", "why", "mend")},
            }
            for f in self.all
        ]
        return pl.DataFrame(rows, schema=kinds)

    def figure(self) -> go.Figure:
        """How often each check found something that counts."""
        import polars as pl

        from proml_lab.plots.bars import counts

        found = Counter(f"{f.code} {f.check.title}" for f in self.findings)
        rows = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        schema = {"name": pl.String, "n": pl.Int64}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        return counts(frame, title=str(self), what="findings")

    def __bool__(self) -> bool:
        return bool(self.findings)

    def __str__(self) -> str:
        """One line."""
        return f"{self.notebook}: {told(self.all) or 'nothing to mend'}."

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        if not self.findings:
            return html.bundle(str(self), html.lead(str(self)))
        shown, advice = self._shown(), self._advice()
        mute = (
            "To mute one, put its code into the metadata of the cell or of the notebook: "
            f'{{"proml": {{"mute": ["{self.findings[0].code}"]}}}}.'
        )
        plain = "\n".join(
            [
                html.text_table(shown, max_rows=_MOST),
                "",
                *(f"{code}: {why} {mend}" for code, why, mend in advice.iter_rows()),
                mute,
                str(self),
            ]
        )
        return html.bundle(
            plain,
            html.lead(str(self)),
            html.table(shown, max_rows=_MOST),
            html.table(advice, caption="Why, and how to mend it", max_rows=_MOST),
            html.note(mute),
        )

    def _shown(self) -> pl.DataFrame:
        import polars as pl

        rows = [(f.place, f.code, f.severity, f.check.title, f.seen) for f in self.findings]
        names = ("where", "code", "severity", "what", "seen")
        return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")

    def _advice(self) -> pl.DataFrame:
        import polars as pl

        checks = [CHECKS[code] for code in sorted({f.code for f in self.findings})]
        rows = [(check.code, check.why, check.mend) for check in checks]
        return pl.DataFrame(
            rows, schema=dict.fromkeys(("code", "why", "mend"), pl.String), orient="row"
        )


class Told(Protocol):
    """What `told` needs to know: a `Finding`, or an entry of a manifest."""

    @property
    def code(self) -> str: ...

    @property
    def severity(self) -> Severity: ...

    @property
    def muted(self) -> Place: ...


def told(findings: Iterable[Told]) -> str:
    """``1 error (PN021), 2 warnings (PN050), 1 muted (PN031)``; empty if there is none."""
    groups: dict[str, Counter[str]] = {"error": Counter(), "warning": Counter(), "muted": Counter()}
    for finding in findings:
        groups["muted" if finding.muted else finding.severity][finding.code] += 1
    parts = []
    for kind, counts in groups.items():
        if n := sum(counts.values()):
            plural = "s" if n > 1 and kind != "muted" else ""
            parts.append(f"{n} {kind}{plural} ({', '.join(sorted(counts))})")
    return ", ".join(parts)
