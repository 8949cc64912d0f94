"""``features materialize``, ``lookup`` and ``online``, from words to results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proml_lab.cli import main
from proml_lab.errors import UsageError
from proml_lab.magics import features_lookup, verbs
from proml_lab.magics.context import Context
from tests.magics.conftest import make_small

MOMENT = "2013-01-05T00:30Z"


def proml(capsys: pytest.CaptureFixture[str], folder: Path, line: str) -> tuple[int, str]:
    """What the command ends with, and all that it prints."""
    status = main([*line.split(), "--workspace", str(folder)])
    said = capsys.readouterr()
    return status, said.out + said.err


def test_a_view_goes_online_is_looked_up_and_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_small(tmp_path / "small")
    status, said = proml(capsys, folder, "features lookup plane=N3 fleet.planes")
    assert status == 1
    assert "View 'fleet.planes' is not online" in said
    assert "Hint: write it: proml features materialize fleet.planes" in said
    assert "holds nothing yet" in proml(capsys, folder, "features online")[1]
    status, said = proml(capsys, folder, f"features materialize --until {MOMENT}")
    assert status == 0
    assert said.startswith("2 views online, 41 of 41 records written\n")
    asked = "plane=N3 origin=JFK weather.hourly fleet.planes.maker"
    status, said = proml(capsys, folder, f"features lookup {asked} --at {MOMENT}")
    assert status == 0
    assert said.startswith("3 features of 1 entity\n")
    assert "1.5 h" in said  # since the newest weather that was known
    status, said = proml(capsys, folder, "features lookup plane=N3 fleet.planes --json")
    (found,) = json.loads(said)
    assert (found["plane"], found["maker"]) == ("N3", "B")
    assert found["age_s"]["maker"] > 0
    status, said = proml(capsys, folder, "features online --json")
    assert [row["view"] for row in json.loads(said)] == ["fleet.planes", "weather.hourly"]
    status, said = proml(capsys, folder, "features online --check 20")
    assert (status, said.partition(":")[0]) == (0, "pass")
    assert proml(capsys, folder, "features online --check 100") == proml(
        capsys, folder, "features online --check"
    )


def test_an_entity_and_a_feature_are_needed(tmp_path: Path) -> None:
    parser = verbs.parser("features lookup", prog=verbs.NOTEBOOK)
    context = Context({}, folder=str(make_small(tmp_path / "small")))
    with pytest.raises(UsageError, match=r"'fleet\.planes' names no entity"):
        features_lookup.run(parser.parse(["fleet.planes"]), context)
    with pytest.raises(UsageError, match=r"'plane=N3' names no feature"):
        features_lookup.run(parser.parse(["plane=N3"]), context)


def test_the_python_does_the_same(tmp_path: Path) -> None:
    folder = make_small(tmp_path / "small")
    made: dict[str, object] = {}
    for name, words in (
        ("features materialize", ["fleet.planes", "--until", MOMENT]),
        ("features lookup", ["plane=N3", "fleet.planes.maker", "--at", "2013-01-06T00:00Z"]),
        ("features online", []),
        ("features online", ["--check", "5"]),
    ):
        args = verbs.parser(name, prog=verbs.NOTEBOOK).parse([*words, "--workspace", str(folder)])
        *lines, last = verbs.load(name).code(args).splitlines()
        exec("\n".join([*lines, f"found = {last}"]), made)
        if name == "features lookup":
            assert made["found"].values == {"maker": ["B"]}
    assert made["found"].verdict == "pass"
