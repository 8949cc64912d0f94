"""Gates in words: for the card, the report, and wherever an artifact is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proml_lab.promote.blocks import Block, Table, interval, number
from proml_lab.promote.gates.entry import GateEntry, Override


def blocks(gates: Sequence[GateEntry], override: Override | None = None) -> Iterator[Block]:
    """All gates with their figures; `override` is told with who and when."""
    if not gates:
        yield "Its spec asks for nothing: it has no gates."
        return
    yield conclusion(gates)
    if override is not None:
        yield f"{overridden(override)}."
    yield Table(
        ("gate", "limit", "value", "95 % interval", "verdict", "why"),
        tuple(
            (g.gate, f"`{g.limit}`", number(g.value), interval(g.low, g.high), g.verdict, g.why)
            for g in gates
        ),
        right=(2,),
    )


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
