from __future__ import annotations

import inspect
import pickle

import pytest

from proml_lab import errors
from proml_lab.errors import MissingExtraError, ProMLError, choose, unknown

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, ProMLError) and kind is not ProMLError
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_every_error_is_in_the_tree_and_says_what_it_is(kind: type[ProMLError]) -> None:
    assert kind.__name__.endswith("Error")
    assert ProMLError in kind.__bases__
    assert kind.__doc__
    assert f"── {kind.__name__} " in (errors.__doc__ or "")


@pytest.mark.parametrize("kind", [k for k in KINDS if k is not MissingExtraError])
def test_errors_pickle_whole(kind: type[ProMLError]) -> None:
    error = kind("the fact.", hint="the cure.")
    error.cell = 3  # type: ignore[attr-defined]
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == "the fact.\nHint: the cure."
    assert again.cell == 3


def test_a_missing_extra_says_what_to_run_and_pickles() -> None:
    error = pickle.loads(pickle.dumps(MissingExtraError("papermill", extra="lab")))
    assert str(error) == "papermill is not installed.\nHint: run: pip install 'proml-lab[lab]'"


def test_ipython_shows_one_line() -> None:
    assert ProMLError("a fact.")._render_traceback_() == ["ProMLError: a fact."]


@pytest.mark.parametrize(
    ("name", "choices", "hint"),
    [
        ("wether", ["weather", "planes"], "did you mean 'weather'?"),
        ("TREES", ["trees", "linear"], "did you mean 'trees'?"),
        ("x", ["alpha", "beta"], "choose one of alpha, beta."),
        ("x", [], "there is none yet."),
        ("30", ["1", "2", "3", "10"], "choose one of 1, 2, 3, 10."),
        ("zz", [f"n{i:02}" for i in range(20)], "n10, n11 and 8 more."),
    ],
)
def test_choose_leads_to_a_right_name(name: str, choices: list[str], hint: str) -> None:
    assert choose(name, choices).endswith(hint)


def test_unknown_names_role_and_value() -> None:
    error = unknown("learner", "tres", ["trees"])
    assert str(error) == "There is no learner 'tres'.\nHint: did you mean 'trees'?"


def test_an_error_says_something_else_and_stays_the_same_otherwise() -> None:
    first = errors.RunError("the fact.", hint="the cure.", notebook="tour.ipynb")
    again = first.saying("more.")
    assert type(again) is errors.RunError
    assert str(again) == "more.\nHint: the cure."
    assert again.notebook == "tour.ipynb"
