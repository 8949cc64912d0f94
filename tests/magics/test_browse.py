from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import MissingExtraError, UsageError
from proml_lab.magics import browse, verbs
from proml_lab.magics.context import Context
from proml_lab.marketplace.find.search import SearchReport
from proml_lab.widgets.browse import Browse


def run(line: str, context: Context) -> Browse | SearchReport:
    return browse.run(verbs.parser("browse", prog=verbs.NOTEBOOK).parse(line.split()), context)


def test_a_widget_in_a_notebook(small: Path) -> None:
    shop = run("wind gust", Context({}))
    assert isinstance(shop, Browse)
    assert shop.text == "wind gust"
    assert shop.workspace.root == small


def test_what_to_join_to(small: Path) -> None:
    shop = run("--spine flights --cutoff seen", Context({}))
    assert isinstance(shop, Browse)
    assert (shop.spine, shop.cutoff) == ("flights", "seen")
    args = verbs.parser("browse", prog=verbs.NOTEBOOK).parse(["--spine", "a", "--cutoff", "b"])
    assert browse.code(args).endswith("Browse(open_workspace(), spine='a', cutoff='b')")


def test_nothing_is_joined_on_the_command_line(small: Path) -> None:
    with pytest.raises(UsageError, match="nothing is joined"):
        run("--spine flights", Context())


def test_a_table_on_the_command_line(small: Path) -> None:
    found = run("wind", Context())
    assert isinstance(found, SearchReport)
    assert found.text == "wind"


def test_without_its_extra_it_says_what_to_install(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"run: pip install 'proml-lab\[lab\]'"):
        run("", Context({}))


def test_the_python_of_it_needs_the_same_words() -> None:
    args = verbs.parser("browse", prog=verbs.NOTEBOOK).parse(["wind"])
    assert browse.code(args).endswith("Browse(open_workspace(), text='wind')")
