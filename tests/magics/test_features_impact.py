"""``%proml features impact`` and ``usage``, on the command line too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proml_lab.cli import main
from proml_lab.errors import UsageError
from proml_lab.magics import features_impact as verb
from proml_lab.magics import features_usage, verbs
from proml_lab.magics.context import Context

FEATURE = "weather.at_origin.temp"


def test_the_status_and_the_rows(flights_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--workspace", str(flights_folder)]
    assert main(["features", "impact", FEATURE, *place]) == 1
    assert "spec flight-delay.proml.yaml asks for it" in capsys.readouterr().out
    assert main(["features", "impact", FEATURE, "--json", *place]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["kind"], row["name"]) == ("spec", "flight-delay.proml.yaml")
    assert main(["features", "impact", "--staged", *place]) == 1
    assert "is in no git checkout" in capsys.readouterr().err


def test_one_of_both_is_needed() -> None:
    parser = verbs.parser("features impact", prog=verbs.NOTEBOOK)
    for words, said in (([], "Nothing was named"), (["a.b", "--staged"], "A name and --staged")):
        args = parser.parse(words)
        for call in (verb.code, lambda args: verb.run(args, Context({}))):
            with pytest.raises(UsageError, match=said):
                call(args)


def test_usage(flights_folder: Path) -> None:
    args = verbs.parser("features usage", prog=verbs.NOTEBOOK).parse(["weather.at_origin"])
    found = features_usage.run(args, Context({}, folder=str(flights_folder)))
    assert set(found.frame()["specs"]) <= {0, 1}
    assert found.frame().height == 9
    args.workspace = str(flights_folder)
    made: dict[str, object] = {}
    *lines, last = features_usage.code(args).splitlines()
    exec("\n".join([*lines, f"found = {last}"]), made)
    assert made["found"].frame().equals(found.frame())
