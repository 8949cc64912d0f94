"""``%proml features lineage`` hands the name and the way on."""

from __future__ import annotations

from pathlib import Path

from proml_lab.magics import features_lineage as verb
from proml_lab.magics import verbs
from proml_lab.magics.context import Context


def test_the_verb(flights_folder: Path) -> None:
    parser = verbs.parser("features lineage", prog=verbs.NOTEBOOK)
    args = parser.parse(["weather.at_origin.temp", "--way", "to"])
    context = Context({}, folder=str(flights_folder))
    found = verb.run(args, context)
    assert found.before == ()
    assert {edge.end.name for edge in found.after} == {"flight-delay.proml.yaml"}
    made: dict[str, object] = {}
    args.workspace = str(flights_folder)
    *lines, last = verb.code(args).splitlines()
    exec("\n".join([*lines, f"found = {last}"]), made)
    assert made["found"].frame().equals(found.frame())
