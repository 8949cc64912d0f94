"""docs/verbs.md says every verb, argument, option and setting, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proml_lab.magics import verbs
from proml_lab.magics.magic import ProML

TEXT = (Path(__file__).parents[2] / "docs" / "verbs.md").read_text(encoding="utf-8")
SECTIONS = dict(
    zip(*[iter(re.split(r"^## (.+)\n", TEXT, flags=re.MULTILINE)[1:])] * 2, strict=True)
)
COMMON = {"-o", "--output", "--code", "--workspace"}


def rows(section: str) -> list[str]:
    """First cells of the tables' rows."""
    return re.findall(r"^\| (`.+?) \|", section, flags=re.MULTILINE)


def test_the_sections_are_the_verbs_in_their_order() -> None:
    assert list(SECTIONS)[2:] == list(verbs.NAMES)


@pytest.mark.parametrize("name", verbs.NAMES)
def test_every_argument_stands_in_the_verbs_table_and_no_other(name: str) -> None:
    actions = [
        action
        for action in verbs.parser(name, prog=verbs.NOTEBOOK).actions
        if not COMMON & set(action.option_strings)
    ]
    want = []
    for action in actions:
        given = action.metavar
        metavar = " ".join(given) if isinstance(given, tuple) else str(given)
        if action.option_strings:
            want.append(
                ", ".join(
                    f"`{option}`" if action.nargs == 0 else f"`{option} {metavar}`"
                    for option in action.option_strings
                )
            )
        else:
            want.append(f"`{metavar}`" + (" …" if action.nargs in ("*", "+") else ""))
    assert sorted(rows(SECTIONS[name])) == sorted(want)


@pytest.mark.parametrize(
    ("section", "prog"),
    [("In a notebook", verbs.NOTEBOOK), ("On the command line", verbs.COMMAND)],
)
def test_the_common_options(section: str, prog: str) -> None:
    parser = verbs.parser("help", prog=prog)
    options = {option for action in parser.actions for option in action.option_strings}
    shown = {word for row in rows(SECTIONS[section]) for word in re.findall(r"--?\w+", row)}
    assert shown == options | {"-h", "--help"}


def test_the_settings() -> None:
    shown = set(re.findall(r"`ProML\.(\w+)`", SECTIONS["In a notebook"]))
    assert shown == set(ProML.class_trait_names(config=True))


def test_the_readme_of_each_verb_names_what_it_returns() -> None:
    for name in set(verbs.NAMES) - {"browse", "output", "init", "help"}:
        assert "Returns " in SECTIONS[name], name
