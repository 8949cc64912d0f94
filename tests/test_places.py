"""An error found long after a document was read still names the line of its cause."""

from __future__ import annotations

import pickle

import pytest

from proml_lab.contracts import Dataset
from proml_lab.document import Document, parse
from proml_lab.errors import ColumnMissingError, ProMLError, SpecError, UnknownNameError
from proml_lab.learners import fit
from proml_lab.places import Places, dotted
from proml_lab.spec import ModelSpec
from tests.learners.conftest import make_rows

TEXT = """\
name: demo
label: {column: late, task: binary}
spine:
  source: flights
split: {by: random}
transforms:
  double: 2 * x
  other: x + 1
learner:
  trees:
    n_trees: 3
    num_leaves: 4
"""


class Note(Document):
    """A document with one list."""

    words: list[str] = []


def test_the_line_of_a_field_or_of_what_it_stands_in() -> None:
    places = parse("\n\nwords:\n- a\n- b\n", Note, name="note").places
    assert places.name == "note"
    assert [places.line(path) for path in (("words",), ("words", 1), ("words", 1, "x"))] == [
        3,
        5,
        5,
    ]
    assert places.line(("nowhere",)) == 1


def test_an_error_inside_gets_the_place_and_keeps_the_rest() -> None:
    cause = KeyError("x")
    with pytest.raises(UnknownNameError) as caught, Places("f", {("a",): 4}).at("a", 1):
        raise UnknownNameError("One.\nTwo.", hint="look") from cause
    assert caught.value.message == "f:4: a[1]: One.\nf:4: a[1]: Two."
    assert caught.value.hint == "look"
    assert caught.value.__cause__ is cause


def test_a_line_that_names_its_field_is_told_there() -> None:
    places = Places("f", {("a",): 4, ("a", "b"): 7})
    with pytest.raises(SpecError) as caught, places.at("a"):
        raise SpecError("a.b: wrong.")
    assert caught.value.message == "f:7: a.b: wrong."


def test_other_errors_and_other_documents_pass() -> None:
    with pytest.raises(ProMLError, match=r"\AOne\.\Z"), Places().at("a"):
        raise ProMLError("One.")
    with pytest.raises(KeyError), Places("f", {("a",): 4}).at("a"):
        raise KeyError("x")


def test_documents_that_say_the_same_are_equal_wherever_they_were_read() -> None:
    one, two = parse("words: [a]", Note, name="one"), parse("\nwords: [a]", Note, name="two")
    assert one == two == Note(words=["a"]) != Note(words=["b"])
    assert pickle.loads(pickle.dumps(one)).places.name == "one"
    assert Places() != ""


def test_a_path_is_written_with_dots_and_brackets() -> None:
    assert dotted(("spine", "entities", 0, "x")) == "spine.entities[0].x"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return make_rows()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("trees:", "treez:", "demo.yaml:9: learner: There is no learner 'treez'."),
        ("num_leaves", "leaves", "demo.yaml:12: learner.trees.leaves: unknown field"),
        ("n_trees: 3", "n_trees: few", "demo.yaml:11: learner.trees.n_trees: found 'few'"),
        ("column: late", "column: latest", "demo.yaml:2: label: The data has no label column"),
        ("task: binary", "task: multiclass", "demo.yaml:2: label.task: learner 'trees' does not"),
        ("2 * x", "2 * y", "demo.yaml:7: transforms.double: transform 'double' reads column 'y'"),
        ("other:", "seats:", "demo.yaml:8: transforms.seats: Transform 'seats' would replace"),
        ("by: random", "test_from: 2031-01-01", "demo.yaml:5: split: No test rows are left"),
        ("n_trees: 3", "n_trees: yes", "demo.yaml:11: learner.trees.n_trees: found True; a whole"),
        ("n_trees: 3", 'n_trees: "3"', "demo.yaml:11: learner.trees.n_trees: found '3'; a whole"),
    ],
)
def test_what_fitting_finds_wrong_is_told_with_its_line(
    old: str, new: str, said: str, dataset: Dataset
) -> None:
    spec = ModelSpec.parse(TEXT.replace(old, new), name="demo.yaml")
    with pytest.raises(ProMLError) as caught:
        fit(spec, dataset)
    assert caught.value.message.startswith(said)
    assert caught.value.hint


def test_a_spec_made_in_python_tells_no_lines(dataset: Dataset) -> None:
    spec = ModelSpec.parse(TEXT, name="demo.yaml").but(learner="treez")
    with pytest.raises(UnknownNameError, match=r"\AThere is no learner 'treez'\."):
        fit(spec, dataset)


def test_a_column_missing_keeps_its_kind(dataset: Dataset) -> None:
    spec = ModelSpec.parse(TEXT.replace("2 * x", "2 * y"), name="demo.yaml")
    with pytest.raises(ColumnMissingError):
        fit(spec, dataset)
