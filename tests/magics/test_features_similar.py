"""``%proml features similar`` hands the name on."""

from __future__ import annotations

from pathlib import Path

from proml_lab.magics import features_similar as verb
from proml_lab.magics import verbs
from proml_lab.magics.context import Context


def test_the_verb(flights_folder: Path) -> None:
    parser = verbs.parser("features similar", prog=verbs.NOTEBOOK)
    args = parser.parse(["dest.history.dest_arr_delay_3h", "-n", "3"])
    found = verb.run(args, Context({}, folder=str(flights_folder)))
    assert found.frame()["feature"].to_list() == ["carrier.history.carrier_arr_delay_3h"]
    args.workspace = str(flights_folder)
    made: dict[str, object] = {}
    *lines, last = verb.code(args).splitlines()
    exec("\n".join([*lines, f"found = {last}"]), made)
    assert made["found"].frame().equals(found.frame())  # type: ignore[attr-defined]
    assert verb.code(parser.parse(["a.b.c"])).endswith(".catalog, 'a.b.c')")
