"""Aliases move, are rolled back, and never point at a rejected version."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from proml_lab.errors import GateError, NameNotAllowedError, RegistryError, UnknownNameError
from proml_lab.promote.bundle import Manifest
from proml_lab.promote.registry import Record, Registry
from proml_lab.promote.registry.aliases import Step, standing
from tests.promote.registry.test_registry import registry


def put(found: Registry, status: str = "accepted", name: str = "some") -> int:
    """A new version whose bundle says `status`."""
    with found.reserve(Record(name, {}, {}, {"proml.status": status})) as version:
        place = found.place(name, version)
        place.mkdir(parents=True)
        facts = {"name": name, "version": version, "created": "2026-01-01T00:00:00+00:00"}
        facts |= {"notebook": "a.ipynb", "parameters": {}, "model": {}, "files": {}}
        manifest = Manifest.model_validate({**facts, "status": status})
        (place / "manifest.json").write_text(manifest.model_dump_json())
    return version


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Versions 1 to 4, of which 3 is rejected."""
    found = registry(tmp_path_factory.mktemp("four"))
    found.probe(writing=True)
    for status in ("accepted", "overridden", "rejected", "accepted"):
        put(found, status)
    return found


def pointed(found: Registry, alias: str) -> int | None:
    return {a: v.version for v in found.versions("some") for a in v.aliases}.get(alias)


def test_moves_and_rollbacks(four: Registry) -> None:
    assert four.alias("some", "steady", 1) is None
    assert four.alias("some", "steady", 2) == 1
    assert four.alias("some", "steady", 2) == 2
    assert four.alias("some", "steady", 4) == 2
    assert four.rollback("some", "steady") == (4, 2)
    assert pointed(four, "steady") == 2
    assert four.rollback("some", "steady") == (2, 1)
    with pytest.raises(RegistryError, match=r"had the alias 'steady' before some@1\.\nHint: give"):
        four.rollback("some", "steady")
    assert pointed(four, "steady") == 1
    assert four.alias("some", "steady", 4) == 1
    assert four.rollback("some", "steady") == (4, 1)


def test_a_rejected_version_gets_no_alias(four: Registry) -> None:
    with pytest.raises(GateError, match=r"some@3 is rejected by its gates.*\n.*--override"):
        four.alias("some", "other", 3)
    assert pointed(four, "other") is None
    statuses = {v.version: v.status for v in four.versions("some")}
    assert statuses == {1: "accepted", 2: "overridden", 3: "rejected", 4: "accepted"}
    four.connection.client.set_model_version_tag("some", "3", "proml.status", "accepted")
    with pytest.raises(GateError, match="some@3 is rejected"):  # whatever the registry was told
        four.alias("some", "other", 3)
    four.connection.client.set_model_version_tag("some", "3", "proml.status", "rejected")


def test_what_is_not_there(four: Registry, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no 'some' version '9'.\nHint: choose one of 1"):
        four.alias("some", "other", 9)
    with pytest.raises(UnknownNameError, match=r"no artifact 'sume'.\nHint: did you mean 'some'"):
        four.alias("sume", "other", 1)
    with pytest.raises(UnknownNameError, match="no artifact 'sume'"):
        four.rollback("sume", "other")
    with pytest.raises(UnknownNameError, match=r"No version of 'some' has the alias 'none'\.\n.*p"):
        four.rollback("some", "none")
    empty = registry(tmp_path)
    with pytest.raises(UnknownNameError, match="there is none yet"):
        empty.alias("some", "other", 1)
    assert empty.is_new


@pytest.mark.parametrize("alias", ["latest", "v3", "3", "Champion", "", "a b", "a" * 81])
def test_aliases_that_cannot_be_given(four: Registry, alias: str) -> None:
    with pytest.raises(NameNotAllowedError, match=r"The alias .* is not allowed"):
        four.alias("some", alias, 1)


def test_moves_by_others_are_seen(four: Registry) -> None:
    """As by MLflow's own page."""
    client = four.connection.client
    client.set_registered_model_alias("some", "foreign", "2")
    assert four.alias("some", "foreign", 4) == 2
    client.set_registered_model_alias("some", "foreign", "1")
    assert four.rollback("some", "foreign") == (1, 4)
    assert four.rollback("some", "foreign") == (4, 2)


def test_a_move_that_a_crash_cut_off_is_left_out(four: Registry) -> None:
    """The history was written, the alias not moved."""
    client = four.connection.client
    tag = "proml.alias.cut"

    def add(version: int, how: str) -> None:
        steps = json.loads(client.get_registered_model("some").tags.get(tag, "[]"))
        steps.append({"version": version, "when": "2026-01-01T00:00:00+00:00", "how": how})
        client.set_registered_model_tag("some", tag, json.dumps(steps))

    add(2, "alias")
    four.alias("some", "cut", 1)
    with pytest.raises(RegistryError, match="before some@1"):
        four.rollback("some", "cut")
    four.alias("some", "cut", 4)
    add(2, "alias")
    assert four.rollback("some", "cut") == (4, 1)
    four.alias("some", "cut", 2)
    add(1, "rollback")
    assert four.rollback("some", "cut") == (2, 1)


def test_a_version_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    found = registry(tmp_path)
    found.probe(writing=True)
    for _ in range(3):
        found.alias("some", "champion", put(found))
    found.connection.client.delete_model_version("some", "2")
    assert found.rollback("some", "champion") == (3, 1)


@pytest.mark.parametrize("seed", range(30))
def test_standing_is_a_pile(seed: int) -> None:
    rng = random.Random(seed)
    pile: list[int] = []
    steps: list[Step] = []
    for _ in range(20):
        if len(pile) > 1 and rng.random() < 0.4:
            pile.pop()
            steps.append(Step(pile[-1], "", "rollback"))
        else:
            choices = [v for v in range(1, 5) if v not in pile[-1:]]
            pile.append(rng.choice(choices))
            steps.append(Step(pile[-1], "", "alias"))
        assert standing(steps)[-1] == pile[-1]
