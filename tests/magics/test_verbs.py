from __future__ import annotations

import re
from pathlib import Path

import pytest

from proml_lab.errors import UsageError
from proml_lab.magics import verbs

FOLDER = Path(verbs.__file__).parent
REST = {
    *("answer", "complete", "context", "interpolate", "keep", "magic", "parser"),
    *("parts", "progress", "users", "python", "verbs", "wording"),
}


def test_every_module_is_a_verb_or_known_as_none() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    named = {name.replace(" ", "_") for name in verbs.NAMES}
    assert {module.removesuffix("_") for module in modules} == {*named, *REST}


@pytest.mark.parametrize("name", verbs.NAMES)
def test_every_verb_offers_what_a_verb_offers(name: str) -> None:
    verb = verbs.load(name)
    assert verb.HELP[0].islower()
    assert len(verb.HELP) < 70
    assert not verb.HELP.endswith(".")
    assert all(line.startswith(name) for line in verb.EXAMPLES.strip().splitlines())
    for prog in (verbs.NOTEBOOK, verbs.COMMAND):
        made = verbs.parser(name, prog=prog)
        for action in made.actions:
            assert action.help, (name, action.dest)
        lines = getattr(verb, "COMMANDS", "") if prog == verbs.COMMAND else ""
        for line in (lines or verb.EXAMPLES).strip().splitlines():
            assert line.startswith(name)
            assert f"{prog} {line}" in made.format_help()


def test_a_verb_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"no verb 'exlpain'.\nHint: did you mean 'explain'"):
        verbs.load("exlpain")


def test_the_overview_has_every_verb() -> None:
    shown = verbs.overview("proml")
    for name in verbs.NAMES:
        assert re.search(rf"^  {name} +{re.escape(verbs.load(name).HELP)}$", shown, re.MULTILINE)


def test_a_verb_of_two_words() -> None:
    assert verbs.split(["features", "check", "a"]) == ("features check", ["a"])
    assert verbs.split(["features", "wind", "check"]) == ("features", ["wind", "check"])
    assert verbs.split(["features"]) == ("features", [])
