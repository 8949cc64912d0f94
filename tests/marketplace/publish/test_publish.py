"""From a frame, a query or a file to a version, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import (
    ColumnMissingError,
    DataError,
    DuplicateKeyError,
    PublicationError,
    SourceError,
    SpecError,
    UnknownNameError,
)
from proml_lab.marketplace.know.kept import drawn
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.publish.publish import publish
from proml_lab.marketplace.view import FeatureView
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.publish.conftest import RAIN, SPEC, Git, rain, spine

SHORT = "view: shop.rain\nowner: weather\nentities: [shop]\nevent_time: hour\n# for people\n"


def there(place: Workspace) -> dict[str, bytes]:
    files = (file for file in place.root.rglob("*") if file.is_file())
    hidden = (".git", ".proml")
    return {
        str(path): file.read_bytes()
        for file in files
        if (path := file.relative_to(place.root)).parts[0] not in hidden
    }


def test_a_look_writes_nothing(place: Workspace, git: Git) -> None:
    before = there(place)
    found = publish(SHORT, workspace=place, rows=rain())
    assert there(place) == before
    assert not list((place.root / ".proml" / "staging").iterdir())
    assert (found.key, found.before, found.done) == ("shop.rain@1", None, "")
    assert found.profile is not None
    assert found.profile["n_distinct"].to_list() == [20]


def test_a_frame_becomes_a_view_that_joins(place: Workspace, git: Git) -> None:
    found = publish(SHORT, workspace=place, rows=rain(), yes=True)
    assert found.done == "published"
    assert (place.root / "features" / "shop.rain.yaml").read_text() == (
        "view: shop.rain\nsource: sources/shop.rain.parquet\nowner: weather\nentities: [shop]\n"
        "event_time: hour\n# for people\nfeatures:\n  rain: float\n"
    )
    assert git("log", "-1", "--format=%h %s") == f"{found.commit} Publish shop.rain@1"
    assert git("show", "--name-only", "--format=").splitlines() == [
        "features/shop.rain.yaml",
        "features/versions/shop.rain/1.json",
        "features/versions/shop.rain/1.yaml",
    ]
    assert git("status", "--short") == ""
    joined = place.training_set(spine(5), ["shop.rain"], cutoff="at")
    assert joined.frame["rain"].to_list() == [5.0]


def test_the_profile_is_kept_for_whoever_searches(place: Workspace) -> None:
    publish(SHORT, workspace=place, rows=rain())
    assert place.search().frame()["freshness"].to_list() == []
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    (row,) = place.search("rain").frame().iter_rows(named=True)
    assert (row["freshness"], row["health"]) == ("stale", 0.7)
    seen = drawn(place.profiles, ["shop.rain.rain"])["shop.rain.rain"]
    assert (seen.nulls, seen.meaning) == (0.0, place.catalog.view("shop.rain").meaning)
    wide = rain(20).with_columns(bad=pl.lit(None, pl.Float64))
    publish(SHORT, workspace=place, rows=wide, yes=True)
    assert drawn(place.profiles, ["shop.rain.bad"])["shop.rain.bad"].codes == "FH003"


def test_publishing_the_same_again_changes_nothing(place: Workspace, git: Git) -> None:
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    before = there(place)
    found = publish(SHORT, workspace=place, rows=rain(), yes=True)
    assert (found.key, found.files, found.commit) == ("shop.rain@1", (), "")
    assert found.title == "shop.rain@1 is published as it is."
    assert there(place) == before


def test_more_rows_and_columns_go_to_the_same_source(place: Workspace) -> None:
    publish(SHORT, workspace=place, rows=rain(20), yes=True)
    more = publish(SHORT, workspace=place, rows=rain(30), yes=True)
    assert (more.version, more.n_rows) == (1, 30)
    wider = rain(30).with_columns(wet=pl.col("rain") > 3)
    found = publish(SHORT, workspace=place, rows=wider, yes=True)
    assert (found.version, found.harmed) == (2, ())
    assert [str(one) for one in found.changes] == ["wet: is new"]
    assert [path.name for path in (place.root / "sources").iterdir()] == ["shop.rain.parquet"]
    both = place.training_set(spine(25), ["shop.rain@1"], cutoff="at")
    assert both.features == ("rain",)
    assert both.frame["rain"].to_list() == [25.0]


def test_other_rows_are_a_new_version_and_the_old_one_stays(place: Workspace) -> None:
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    with pytest.raises(PublicationError, match=r"without a new version: against version 1") as no:
        publish(SHORT, workspace=place, rows=rain(factor=2), yes=True)
    assert no.value.hint == "if that is meant, say version: 2."
    found = publish(f"{SHORT}version: 2\n", workspace=place, rows=rain(factor=2), yes=True)
    assert found.version == 2
    wanted = [{f"shop.rain@{n}": {f"r{n}": "rain"}} for n in (1, 2)]
    joined = place.training_set(spine(5), [*wanted, "shop.rain"], cutoff="at")
    assert joined.frame.select("r1", "r2", "rain").row(0) == (5.0, 10.0, 10.0)


def test_lists_are_compared_by_their_rows(place: Workspace) -> None:
    def listed(n: int, last: float) -> pl.DataFrame:
        return rain(n).with_columns(all=pl.concat_list("rain", pl.lit(last)))

    publish(SHORT, workspace=place, rows=listed(5, 1.0), yes=True)
    assert publish(SHORT, workspace=place, rows=listed(9, 1.0), yes=True).version == 1
    with pytest.raises(PublicationError, match="without a new version"):
        publish(SHORT, workspace=place, rows=listed(9, 2.0), yes=True)


def test_sql_makes_the_rows_and_stands_in_the_file(place: Workspace) -> None:
    rain().write_parquet(place.root / "sources" / "hours.parquet")
    text = (
        "view: shop.dry\nentities: [shop]\nevent_time: hour\nsql: |\n"
        "  select shop, hour, rain < least as dry\n  from hours cross join limits\n"
    )
    frames = {"limits": pl.DataFrame({"least": [3.0]})}
    found = publish(text, workspace=place, frames=frames, yes=True)
    assert found.n_rows == 20
    said = (place.root / "features" / "shop.dry.yaml").read_text()
    assert said.startswith("# made by: select shop, hour, rain < least as dry\n# from hours")
    assert "sql:" not in said
    joined = place.training_set(spine(2), ["shop.dry"], cutoff="at")
    assert joined.frame["dry"].to_list() == [True]
    (record,) = json.loads((place.root / "features/versions/shop.dry/1.json").read_text())
    assert record["query"].startswith("select shop")
    with pytest.raises(SourceError, match="The SQL cannot be run: "):
        publish(text.replace("from", "frm"), workspace=place)
    with pytest.raises(PublicationError, match="sql and rows were given"):
        publish(text, workspace=place, rows=rain())


def test_a_file_that_was_changed(place: Workspace, git: Git) -> None:
    rain().write_parquet(place.root / "sources" / "rain.parquet")
    file = place.root / "features" / "rain.yaml"
    file.write_text(RAIN.replace("owner", "source: sources/rain.parquet\nowner"))
    publish("shop.rain", workspace=place, yes=True)
    copy = place.root / "features" / "versions" / "shop.rain" / "1.yaml"
    assert copy.read_bytes() == file.read_bytes()
    file.write_text(file.read_text().replace("unit: mm", "unit: cm, sql: rain / 10"))
    with pytest.raises(SpecError, match="changed without a new version"):
        place.training_set(spine(), ["shop.rain"], cutoff="at")
    with pytest.raises(PublicationError, match=r"published by ann@example.org, rain: formula"):
        publish(file, workspace=place)
    file.write_text(f"version: 3\n{file.read_text()}")
    with pytest.raises(PublicationError, match=r"Version 3 of shop.rain cannot be .* newest is 1"):
        publish("shop.rain", workspace=place)
    file.write_text(file.read_text().replace("version: 3", "version: 2"))
    assert publish("shop.rain", workspace=place, yes=True).version == 2
    wanted = [{"shop.rain@1": {"mm": "rain"}}, {"shop.rain": {"cm": "rain"}}]
    joined = place.training_set(spine(5), wanted, cutoff="at")
    assert joined.frame.select("mm", "cm").row(0) == (5.0, 0.5)


def test_what_is_said_for_people_needs_no_version(place: Workspace, git: Git) -> None:
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    copy = (place.root / "features" / "versions" / "shop.rain" / "1.yaml").read_bytes()
    tagged = SHORT.replace("# for", "tags: [wet]\n# for")
    found = publish(tagged, workspace=place, rows=rain())
    assert found.title.endswith("what it means stays, what is said of it changes.")
    file = place.root / "features" / "shop.rain.yaml"
    file.write_text(file.read_text() + "tags: [wet]\nstatus: deprecated\n")
    done = publish("shop.rain", workspace=place, yes=True)
    assert done.version == 1
    assert (place.root / "features/versions/shop.rain/1.yaml").read_bytes() == copy
    assert place.catalog.versions is not None
    records = place.catalog.versions.records("shop.rain", 1)
    assert [one.changes for one in records] == [(), ("is deprecated now", "tags: none → wet")]
    assert git("status", "--short") == ""


def test_a_new_version_that_says_the_same(place: Workspace) -> None:
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    assert publish(f"{SHORT}version: 2\n", workspace=place, rows=rain(), yes=True).renews


def test_what_breaks_others_needs_a_reason(place: Workspace, git: Git) -> None:
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    (place.root / "s.proml.yaml").write_text(SPEC.format("shop.rain"))
    new = f"{SHORT}version: 2\n"
    before = there(place)
    look = publish(new, workspace=place, rows=rain(factor=2))
    assert "It breaks what s.proml.yaml uses." in look.notes()
    with pytest.raises(PublicationError) as no:
        publish(new, workspace=place, rows=rain(factor=2), yes=True)
    assert no.value.message == (
        "shop.rain@2 breaks what is in use: source: sources/shop.rain.parquet → "
        "sources/shop.rain.2.parquet. It is used by s.proml.yaml."
    )
    assert "ask for shop.rain@1 first" in no.value.hint
    assert there(place) == before
    publish(new, workspace=place, rows=rain(factor=2), yes=True, force="it was wrong")
    (record,) = json.loads((place.root / "features/versions/shop.rain/2.json").read_text())
    assert (record["forced"], record["by"]) == ("it was wrong", "ann@example.org")
    assert "Forced: it was wrong" in git("log", "-1", "--format=%b")


def test_an_artifact_with_an_alias_is_in_use(place: Workspace) -> None:
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    idle = Use("shop.rain", "rain", "artifact", "sold@1")
    used = replace(idle, name="sold@2", aliases=("champion",))
    new, told = f"{SHORT}version: 2\n", ["Aliases are not known: nobody answers."]
    look = publish(new, workspace=place, rows=rain(factor=2), promoted=[idle], notes=told)
    assert (look.refused, [str(one) for one in look.harmed]) == ((), ["sold@1"])
    assert look.notes()[:2] == ["It touches sold@1 too, which nobody uses.", *told]
    with pytest.raises(PublicationError, match=r"It is used by sold@2 \(champion\)\."):
        publish(new, workspace=place, rows=rain(factor=2), promoted=[idle, used], yes=True)
    assert publish(new, workspace=place, rows=rain(factor=2), promoted=[idle], yes=True).done


def test_who_asks_for_a_version_is_not_harmed(place: Workspace) -> None:
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    (place.root / "s.proml.yaml").write_text(SPEC.format("shop.rain@1"))
    publish(f"{SHORT}version: 2\n", workspace=place, rows=rain(factor=2), yes=True)
    assert place.catalog.view("shop.rain").version == 2


def test_others_propose_and_owners_publish(place: Workspace, git: Git) -> None:
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    git("config", "user.email", "bob@example.org")
    better = f"{SHORT}tags: [wet]\n"
    with pytest.raises(PublicationError, match=r"owned by weather, and you are bob@example.org"):
        publish(better, workspace=place, rows=rain(), yes=True)
    look = publish(better, workspace=place, rows=rain())
    assert look.notes()[-1] == "It is owned by weather: add --propose --yes to propose it."
    claimed = better.replace("owner: weather", "owner: bob")
    with pytest.raises(PublicationError, match=r"owned by weather, and you are bob@example.org"):
        publish(claimed, workspace=place, rows=rain(), yes=True)
    proposal = publish(better, workspace=place, rows=rain(), yes=True, propose=True)
    (file,) = proposal.files
    assert proposal.title == "shop.rain@1 is proposed."
    place_of_it = file.relative_to(place.root)
    assert f"An owner publishes it by: proml publish {place_of_it} --yes." in proposal.notes()
    assert git("log", "-1", "--format=%s") == "Propose shop.rain@1"
    assert place.catalog.view("shop.rain").tags == ()
    git("config", "user.email", "ann@example.org")
    publish(file, workspace=place, yes=True)
    assert place.catalog.view("shop.rain").tags == ("wet",)
    assert not file.exists()
    assert git("status", "--short") == ""


def test_proposed_rows_lie_apart_until_they_are_taken(place: Workspace, git: Git) -> None:
    publish(SHORT, workspace=place, rows=rain(20), yes=True)
    git("config", "user.email", "bob@example.org")
    made = publish(SHORT, workspace=place, rows=rain(30), yes=True, propose=True)
    assert place.catalog.view("shop.rain").table.n_rows() == 20
    git("config", "user.email", "ann@example.org")
    taken = publish(made.files[-1], workspace=place, yes=True)
    assert taken.version == 2
    assert place.catalog.view("shop.rain").table.n_rows() == 30


def test_without_an_address_nobody_is_an_owner(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PublicationError, match="git knows no e-mail address of yours"):
        publish(SHORT, workspace=place, rows=rain(), yes=True)
    publish(SHORT.replace("weather", "nobody"), workspace=place, rows=rain(), yes=True)


def test_a_view_in_memory(place: Workspace) -> None:
    rain().write_parquet(place.root / "sources" / "rain.parquet")
    text = RAIN.replace("owner: weather", "source: sources/rain.parquet\nknown_at: {delay: 1h}")
    view = FeatureView.read(_kept(place, text))
    publish(view, workspace=place, yes=True)
    assert place.catalog.view("shop.rain").meaning == view.meaning


def _kept(place: Workspace, text: str) -> Path:
    file = place.root / "rain.yaml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "rows", "kind", "said"),
    [
        ("view: x\n", rain(), SpecError, "view: found 'x'; a view is called group.name"),
        (SHORT, rain().head(0), DataError, "The rows to publish are none"),
        (SHORT, rain().drop("rain"), ColumnMissingError, "keys and times, but no other column"),
        (SHORT, rain().drop("hour"), ColumnMissingError, "event_time reads column 'hour', which"),
        (SHORT, pl.concat([rain(), rain()]), DuplicateKeyError, "two rows for shop 'n'"),
        (
            SHORT,
            rain().with_columns(d=pl.duration(hours=1)),
            DataError,
            "'d' is Duration.*no feature can be",
        ),
        (SHORT.replace("hour", "rain"), rain(), DataError, "rain"),
        ("{view: shop.rain, entities: [shop]}\n", rain(), SpecError, "stands in braces"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_written(
    place: Workspace, text: str, rows: pl.DataFrame, kind: type[Exception], said: str
) -> None:
    before = there(place)
    with pytest.raises(kind, match=said):
        publish(text, workspace=place, rows=rows, yes=True)
    assert there(place) == before


def test_rows_that_would_take_a_published_version_its_own(place: Workspace) -> None:
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    said = f"{SHORT}source: sources/shop.rain.parquet\nversion: 2\n"
    with pytest.raises(PublicationError, match=r"has rows that the new ones do not have"):
        publish(said, workspace=place, rows=rain(factor=2), yes=True)


def test_names_that_are_not_there(place: Workspace) -> None:
    with pytest.raises(UnknownNameError, match=r"no feature view 'shop.snow'"):
        publish("shop.snow", workspace=place)
    with pytest.raises(SpecError, match="no such file"):
        publish("snow.yaml", workspace=place)


def test_it_is_shown_as_text_and_as_a_table(place: Workspace) -> None:
    publish(SHORT, workspace=place, rows=rain(), yes=True)
    text = f"{SHORT}version: 2\nsensitivity: personal\n"
    found = publish(text, workspace=place, rows=rain(factor=2))
    shown = found._repr_mimebundle_()
    assert "shop.rain@2 would be published, after version 1." in shown["text/plain"]
    assert "rain is personal." in shown["text/plain"]
    assert "Nothing is written yet: add --yes" in shown["text/plain"]
    assert "<script" not in shown["text/html"]
    assert "sources/shop.rain.2.parquet" in shown["text/html"].replace("<wbr>", "")
    assert found.frame().filter("breaking")["field"].to_list() == ["source", "sensitivity"]


def test_the_same_feature_elsewhere_is_shown(place: Workspace) -> None:
    rain().write_parquet(place.root / "sources" / "rain.parquet")
    text = RAIN.replace("owner", "source: sources/rain.parquet\nowner")
    publish(text, workspace=place, yes=True)
    again = publish(text.replace("shop.rain", "shop.wet"), workspace=place)
    assert again.notes()[0] == ("rain is like shop.rain.rain: the same formula over the same rows.")


def test_the_same_values_elsewhere_are_shown_before_anything_is_written(place: Workspace) -> None:
    publish(SHORT, workspace=place, rows=rain(30), yes=True)
    rows = rain(30).rename({"rain": "wet"}).with_columns(dry=-pl.col("wet"))
    text = SHORT.replace("shop.rain", "shop.wet")
    assert publish(text, workspace=place, rows=rows).notes()[0] == (
        "wet is like shop.rain.rain: the same values in 100 % of 48 moments."
    )


def test_what_is_published_already_asks_for_nothing(place: Workspace) -> None:
    publish(SHORT, workspace=place, rows=rain(30), yes=True)
    again = publish("shop.rain", workspace=place)
    assert again.title == "shop.rain@1 is published as it is."
    assert again.notes() == []


def test_a_feature_that_says_less_than_it_reads_is_told(place: Workspace) -> None:
    text = f"{RAIN}  low: {{type: float, sql: rain / 2, sensitivity: public}}\n".replace(
        "unit: mm", "unit: mm, sensitivity: personal"
    )
    found = publish(text, workspace=place, rows=rain(30))
    assert found.notes()[:2] == [
        "rain is personal.",
        "low says that it is public, but reads what is personal.",
    ]
