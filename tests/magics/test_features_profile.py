"""``%proml features profile`` hands the name and the label's spec on."""

from __future__ import annotations

from pathlib import Path

from proml_lab.magics import features_profile as verb
from proml_lab.magics import verbs
from proml_lab.magics.context import Context


def test_the_verb(flights_folder: Path) -> None:
    parser = verbs.parser("features profile", prog=verbs.NOTEBOOK)
    spec = flights_folder / "flight-delay.proml.yaml"
    args = parser.parse(["dest.airport", "--spec", str(spec)])
    found = verb.run(args, Context({}, folder=str(flights_folder)))
    assert {one.view for one in found.profiles} == {"dest.airport"}
    assert all(one.label is not None for one in found.profiles)
    args.workspace = str(flights_folder)
    made: dict[str, object] = {}
    *lines, last = verb.code(args).splitlines()
    exec("\n".join([*lines, f"found = {last}"]), made)
    assert made["found"].frame().drop("age").equals(found.frame().drop("age"))
    assert verb.code(parser.parse([])).endswith("described(open_workspace())")
