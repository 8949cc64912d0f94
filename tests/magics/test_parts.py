"""A spec or its parts, and names in a list: the same in every verb that asks for them."""

from __future__ import annotations

import pytest

from proml_lab.errors import UsageError
from proml_lab.magics import features_lookup, verbs
from proml_lab.magics.parser import Namespace
from proml_lab.magics.parts import in_list, require_spec_or_parts


def parsed(verb: str, line: str) -> Namespace:
    return verbs.parser(verb, prog=verbs.NOTEBOOK).parse(line.split())


@pytest.mark.parametrize("said", ["a.b,c.d,e.f", "a.b c.d e.f", "a.b, c.d ,e.f", "a.b,c.d e.f"])
def test_names_with_spaces_or_commas(said: str) -> None:
    want = ["a.b", "c.d", "e.f"]
    assert parsed("dataset", f"--spine s --features {said} --label y").features == want
    assert parsed("features coverage", f"{said} --spine s").features == want
    words = parsed("features lookup", f"k=1,2 {said}").words
    assert features_lookup._split(words) == ({"k": "1,2"}, want)


def test_an_option_that_is_given_twice() -> None:
    found = parsed("dataset", "--spine s --features a.b --entities k,j l --features c.d,e.f")
    assert (found.features, found.entities) == (["a.b", "c.d", "e.f"], ["k", "j", "l"])


def test_a_list_without_a_name() -> None:
    with pytest.raises(UsageError, match="An empty list was given"):
        in_list(["a.b", ","])
    with pytest.raises(UsageError, match="An empty list was given"):
        parsed("dataset", "--spine s --features ,")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"spec": "a"}, ""),
        ({"spine": "s", "label": "y"}, ""),
        ({"spine": "s", "label": "y", "cutoff": "t"}, ""),
        ({"spec": "a", "label": "y"}, "A spec and parts of one were given: --label"),
        ({"spec": "a", "cutoff": "t"}, "A spec and parts of one were given: --cutoff"),
        ({"label": "y"}, "Nothing is said: --spine missing"),
        ({"cutoff": "t"}, "Nothing is said: --spine and --label missing"),
    ],
)
def test_a_spec_or_its_parts(given: dict[str, str], said: str) -> None:
    every = dict.fromkeys(("spec", "spine", "label", "cutoff"))
    args = Namespace(**every | given)

    def ask() -> None:
        require_spec_or_parts(args, "spine", "label", also=["cutoff"], unsaid="Nothing is said")

    if not said:
        assert ask() is None  # type: ignore[func-returns-value]
        return
    with pytest.raises(UsageError, match=said) as no:
        ask()
    assert no.value.hint == "give SPEC, or --spine with --label."
