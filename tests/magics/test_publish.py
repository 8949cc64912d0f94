"""``publish`` in a notebook and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from proml_lab import cli
from proml_lab.errors import SpecError, UsageError
from proml_lab.magics import verbs
from proml_lab.magics.context import Context
from proml_lab.marketplace.publish.publication import Publication
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.publish.conftest import git, place, rain

__all__ = ["git", "place"]  # fixtures
BODY = "view: shop.rain\nowner: weather\nentities: [shop]\nevent_time: hour\n"


@pytest.fixture
def here(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("PROML_WORKSPACE", raising=False)
    monkeypatch.chdir(place.root)
    return place


def run(line: str, context: Context, body: str | None = None) -> Publication:
    args = verbs.parser("publish", prog=verbs.NOTEBOOK).parse(line.split())
    args.body = body
    found = verbs.load("publish").run(args, context)
    assert isinstance(found, Publication)
    return found


def test_a_cell_publishes_a_frame(here: Workspace) -> None:
    context = Context({"fallen": rain()})
    assert run("--rows fallen", context, BODY).done == ""
    assert run("--rows fallen --yes", context, BODY).done == "published"
    assert here.catalog.view("shop.rain").features["rain"].type == "float"


def test_sql_in_a_cell_names_frames_of_the_notebook(here: Workspace) -> None:
    context = Context({"fallen": rain(), "_hidden": rain()})
    body = f"{BODY}sql: select shop, hour, rain * 10 as tenths from fallen\n"
    assert run("--yes", context, body).n_rows == 20
    assert list(here.catalog.view("shop.rain").features) == ["tenths"]


def test_a_mistake_names_the_line_of_the_cell(here: Workspace) -> None:
    with pytest.raises(SpecError, match=r"cell:6: ownr: unknown field; did you mean 'owner'"):
        run("--rows fallen", Context({"fallen": rain()}), f"{BODY}ownr: x\n")
    sql = f"sql: |\n  select 1\n{BODY}ownr: x\n"
    with pytest.raises(SpecError, match=r"cell:8: ownr"):
        run("", Context({}), sql)


def test_the_command_line(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    Path("rain.yaml").write_text(BODY)
    rain().write_parquet("rain.parquet")
    words = ["publish", "rain.yaml", "--rows", "rain.parquet"]
    assert cli.main(words) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("shop.rain@1 would be published: the first version.\n")
    assert cli.main([*words, "--yes"]) == 0
    capsys.readouterr()
    file = here.root / "features" / "shop.rain.yaml"
    file.write_text(f"version: 2\n{file.read_text().replace('float', '{type: float, unit: mm}')}")
    assert cli.main(["publish", "shop.rain", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr()[0])
    assert (row["feature"], row["change"], row["breaking"]) == ("rain", "unit: none → mm", True)


def test_one_way_to_say_what(here: Workspace) -> None:
    with pytest.raises(UsageError, match="No view was named"):
        run("", Context({}))
    with pytest.raises(UsageError, match="A cell body holds the whole view"):
        run("shop.rain", Context({}), BODY)
    with pytest.raises(UsageError, match="A proposal needs no force"):
        run("shop.rain --propose --force x", Context({}))


@pytest.mark.parametrize("body", [None, BODY])
def test_its_code_does_the_same(here: Workspace, body: str | None) -> None:
    rain().write_parquet("rain.parquet")
    Path("rain.yaml").write_text(BODY)
    line = "--rows fallen --yes" if body else "rain.yaml --rows rain.parquet --yes"
    args = verbs.parser("publish", prog=verbs.NOTEBOOK).parse(line.split())
    args.body = body
    names = {"fallen": rain()}
    exec(verbs.code("publish", args), names)  # type: ignore[arg-type]
    assert here.catalog.view("shop.rain").version == 1


def test_the_code_of_sql_hands_over_the_frames(here: Workspace) -> None:
    args = verbs.parser("publish", prog=verbs.NOTEBOOK).parse(["--yes"])
    args.body = f"{BODY}sql: select f.* from fallen f, hours\n"
    rain(1).select("shop").write_parquet(here.root / "sources" / "hours.parquet")
    names = {"fallen": rain(), "other": 1}
    exec(verbs.code("publish", args), names)  # type: ignore[arg-type]
    assert here.catalog.view("shop.rain").table.n_rows() == 20


def test_it_runs_as_a_magic(here: Workspace) -> None:
    shell = InteractiveShell()
    try:
        shell.run_line_magic("load_ext", "proml_lab")
        shell.user_ns["fallen"] = rain()
        found = shell.run_cell_magic("proml", "publish --rows fallen --yes", BODY)
        assert found.key == "shop.rain@1"
    finally:
        shell.run_line_magic("unload_ext", "proml_lab")
