"""``%proml features suggest`` takes a spec, or its parts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import UsageError
from proml_lab.magics import features_suggest as verb
from proml_lab.magics import verbs
from proml_lab.magics.context import Context

PARSER = verbs.parser("features suggest", prog=verbs.NOTEBOOK)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A workspace with one view."""
    (tmp_path / "features").mkdir()
    (tmp_path / "sources").mkdir()
    (tmp_path / "proml.toml").touch()
    rows = {"id": range(400), "x": [i % 7 for i in range(400)]}
    pl.DataFrame(rows).write_parquet(tmp_path / "sources" / "x.parquet")
    labels = pl.DataFrame({"id": range(400), "late": [i % 7 > 3 for i in range(400)]})
    labels.write_parquet(tmp_path / "sources" / "rows.parquet")
    (tmp_path / "features" / "x.yaml").write_text(
        "view: a.b\nsource: sources/x.parquet\nentities: [id]\nfeatures: {x: integer}\n"
    )
    (tmp_path / "m.proml.yaml").write_text(
        "name: m\nlabel: late\nspine: {source: rows, entities: [id]}\nfeatures: [a.b]\n"
    )
    return tmp_path


def test_a_spec_a_source_and_a_frame_give_the_same(small: Path) -> None:
    context = Context(
        {"table": pl.read_parquet(small / "sources" / "rows.parquet")}, folder=str(small)
    )
    found = [
        verb.run(PARSER.parse(words), context)
        for words in (
            [str(small / "m.proml.yaml")],
            ["--spine", "rows", "--label", "late"],
            ["--spine", "table", "--label", "late"],
        )
    ]
    assert found[0].frame()["feature"].to_list() == ["a.b.x"]
    assert all(one.frame().equals(found[0].frame()) for one in found)


def test_the_code_does_the_same(small: Path) -> None:
    for words in ([str(small / "m.proml.yaml")], ["--spine", "rows", "--label", "late", "-n", "3"]):
        args = PARSER.parse([*words, "--workspace", str(small)])
        made: dict[str, object] = {}
        *lines, last = verb.code(args).splitlines()
        exec("\n".join([*lines, f"found = {last}"]), made)
        want = verb.run(args, Context({}, folder=str(small)))
        assert made["found"].frame().equals(want.frame())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "What to rank for is not said: --spine and --label missing"),
        (["--spine", "rows"], "What to rank for is not said: --label missing"),
        (["spec", "--label", "late"], "A spec and parts of one were given"),
        (["spec", "--cutoff", "late"], "A spec and parts of one were given"),
    ],
)
def test_one_way_to_say_it(words: list[str], said: str) -> None:
    args = PARSER.parse(words)
    for step in (lambda: verb.run(args, Context({})), lambda: verb.code(args)):
        with pytest.raises(UsageError, match=said):
            step()
