from __future__ import annotations

import pytest

from proml_lab.errors import UnknownNameError, UsageError
from proml_lab.magics.parser import (
    ArgumentParser,
    comma_list,
    one_of,
    setting,
    split,
    variable,
)


@pytest.fixture
def parser() -> ArgumentParser:
    made = ArgumentParser("%proml try")
    made.add_argument("name", metavar="NAME", type=variable)
    made.add_argument("-n", "--number", type=int)
    made.add_argument("--learner", type=one_of("learner", "trees", "linear"))
    made.add_argument("--set", dest="settings", action="append", type=setting, default=[])
    return made


def test_it_reads_what_it_declares(parser: ArgumentParser) -> None:
    args = parser.parse(["gbm", "--number", "3", "--set", "a=1.5", "--set", "b=[x, y]"])
    assert (args.name, args.number) == ("gbm", 3)
    assert args.settings == [("a", 1.5), ("b", ["x", "y"])]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["gbm", "--numbr", "3"], "no option '--numbr'.\nHint: did you mean '--number'"),
        (["gbm", "--nonsense"], "no option '--nonsense'.\nHint: choose one of --number"),
        (["gbm", "-x"], "no option '-x'"),
        (["gbm", "extra", "more"], "There is no place for 'extra more'"),
        ([], "The following arguments are required: NAME.\nHint: usage: %proml try NAME [options]"),
        (["gbm", "--number", "x"], "Argument -n/--number: invalid int value: 'x'"),
        (["gbm", "--number"], "Argument -n/--number: expected one argument"),
        (["1gbm"], "'1gbm' cannot be a variable"),
        (["class"], "'class' is a word of Python's language"),
        (["print"], "'print' is a name of Python's own"),
        (["gbm", "--set", "a"], "'a' is not a setting"),
        (["gbm", "--set", "a=[1"], "value of 'a' cannot be read: '[1'"),
    ],
)
def test_what_it_cannot_read(parser: ArgumentParser, words: list[str], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parser.parse(words)
    assert text in str(caught.value)


def test_options_are_not_abbreviated(parser: ArgumentParser) -> None:
    with pytest.raises(UsageError, match="did you mean '--number'"):
        parser.parse(["gbm", "--num", "3"])


def test_a_wrong_choice_names_the_nearest(parser: ArgumentParser) -> None:
    with pytest.raises(UnknownNameError, match=r"no learner 'tree'.\nHint: did you mean 'trees'"):
        parser.parse(["gbm", "--learner", "tree"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("a  b", ["a", "b"]),
        ("a 'b c' \"d e\"", ["a", "b c", "d e"]),
        (r"c:\data\x #tag", [r"c:\data\x", "#tag"]),
        ("--set=a='b c'", ["--set=a=b c"]),
    ],
)
def test_split(line: str, words: list[str]) -> None:
    assert split(line) == words


def test_an_open_quote() -> None:
    with pytest.raises(UsageError, match="is not closed"):
        split("features 'wind")


def test_comma_list() -> None:
    assert comma_list("a, b,,c") == ["a", "b", "c"]
    with pytest.raises(UsageError, match="An empty list"):
        comma_list(" , ")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a=1", ("a", 1)),
        ("a=x=y", ("a", "x=y")),
        ("a=true", ("a", True)),
        ("a=null", ("a", None)),
        (" a =", ("a", None)),
    ],
)
def test_setting(text: str, want: tuple[str, object]) -> None:
    assert setting(text) == want
