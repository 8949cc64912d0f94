"""Gates in words: for the card, the report, and wherever an artifact is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.promote.gates.entry import GateEntry, Override

if TYPE_CHECKING:
    from proml_lab.promote.bundle import Manifest

_COLUMNS = ("gate", "limit", "value", "verdict", "why")


def table(gates: Sequence[GateEntry]) -> pl.DataFrame:
    """A row a gate: ``gate``, ``limit``, ``value`` (null: not measured), ``verdict``, ``why``."""
    rows = [[getattr(gate, name) for name in _COLUMNS] for gate in gates]
    kinds = [pl.String, pl.String, pl.Float64, pl.String, pl.String]
    return pl.DataFrame(rows, schema=dict(zip(_COLUMNS, kinds, strict=True)), orient="row")


def markdown(gates: Sequence[GateEntry]) -> Iterable[str]:
    """Paragraphs for the card: who overrode the verdicts is told by the manifest and report."""
    yield conclusion(gates)
    yield "\n".join(
        [
            "| gate | limit | verdict | why |",
            "| --- | --- | --- | --- |",
            *(f"| {g.gate} | `{g.limit}` | {g.verdict} | {_cell(g.why)} |" for g in gates),
        ]
    )


def page(manifest: Manifest) -> Iterable[str]:
    """Parts of the report's section."""
    from proml_lab.plots import html

    yield html.lead(conclusion(manifest.gates))
    if manifest.override is not None:
        yield html.note(overridden(manifest.override))
    yield html.table(table(manifest.gates), max_rows=60)


def conclusion(gates: Sequence[GateEntry]) -> str:
    """One sentence on all of them."""
    stops = sum(gate.stops for gate in gates)
    if stops:
        return (
            f"It does not pass {stops} of its {len(gates)} gates: by its spec it must not be used."
        )
    warns = sum(gate.verdict != "passed" for gate in gates)
    return f"It passes its gates, {warns} with a warning." if warns else "It passes all its gates."


def overridden(override: Override) -> str:
    """Who said so, when and why."""
    when = override.when[:16].replace("T", " ")
    return f"Overridden by {override.who}, {when} UTC: {override.reason}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
