"""Feature views: what may be written, what is understood, and every mistake with its line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from proml_lab.duration import read_duration, show_duration
from proml_lab.errors import SourceError, SpecError, UnknownNameError
from proml_lab.marketplace.view import FeatureView

GOOD = """\
view: weather.hourly
description: Weather by the hour.
owner: weather
tags: [weather]
source: sources/weather.parquet
entities: {origin: station}
event_time: hour
known_at: {delay: 90m}
time_to_live: 6h
features:
  temp: float
  cold: {type: boolean, sql: temp < 32, tags: [ice, weather], owner: ice-team}
  gust: {type: float, column: wind_gust, unit: mph}
  age: {type: float, sql: extract(epoch from cutoff) - extract(epoch from hour)}
  rain_1d:
    {type: float, aggregate: sum, of: precip, window: 1d, where: precip > 0}
  n_3h: {type: integer, aggregate: count, window: 3h}
"""


@pytest.fixture
def view(tmp_path: Path) -> FeatureView:
    (tmp_path / "weather.yaml").write_text(GOOD, encoding="utf-8")
    return FeatureView.read(tmp_path / "weather.yaml")


def test_a_view_says_what_it_holds(view: FeatureView, tmp_path: Path) -> None:
    assert view.keys == {"origin": "station"}
    assert view.time_to_live == timedelta(hours=6)
    assert view.path == tmp_path / "weather.yaml"
    assert view.table.name == "sources/weather.parquet"
    with pytest.raises(SourceError, match=r"there is no file /data/sources/weather.parquet"):
        view.at("/data").table.schema()
    assert view.owner_of("temp") == "weather"
    assert view.owner_of("cold") == "ice-team"
    assert view.tags_of("cold") == ("weather", "ice")
    assert view.feature("temp").type == "float"


def test_formulas_read_like_what_they_do(view: FeatureView) -> None:
    assert view.formula("temp") == "temp"
    assert view.formula("gust") == "wind_gust"
    assert view.formula("cold") == "temp < 32"
    assert view.formula("rain_1d") == "sum(precip) over 1d where precip > 0"
    assert view.formula("n_3h") == "count() over 3h"


def test_features_say_what_they_read(view: FeatureView) -> None:
    reads = {name: feature.reads(name) for name, feature in view.features.items()}
    assert reads == {
        "temp": ("temp",),
        "cold": ("temp",),
        "gust": ("wind_gust",),
        "age": ("hour",),
        "rain_1d": ("precip",),
        "n_3h": (),
    }
    assert [name for name, f in view.features.items() if f.reads_cutoff] == ["age"]


def test_the_digest_is_that_of_the_content(view: FeatureView) -> None:
    again = FeatureView.model_validate(view.model_dump(mode="json"))
    assert again.digest == view.digest
    assert again.model_copy(update={"owner": "other"}).digest != view.digest


def test_unknown_features_get_the_nearest_name(view: FeatureView) -> None:
    with pytest.raises(UnknownNameError, match=r"called 'tmp'.\nHint: did you mean 'temp'"):
        view.feature("tmp")


def test_a_view_in_memory_has_no_folder(view: FeatureView) -> None:
    loose = FeatureView.model_validate(view.model_dump(mode="json"))
    with pytest.raises(SourceError, match=r"does not know where .*\nHint: say it: view.at"):
        _ = loose.table


@pytest.mark.parametrize(
    ("text", "hours"), [("6h", 6), ("90m", 1.5), ("1d12h", 36), ("2w", 336), ("7200s", 2)]
)
def test_durations(text: str, hours: float) -> None:
    length = read_duration(text)
    assert length == timedelta(hours=hours)
    assert read_duration(show_duration(length)) == length


@pytest.mark.parametrize(
    "text", ["", "6", "h", "6 h", "h6", "1h1d", "-1h", "0d", 6, None, "9" * 12 + "w"]
)
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match=r"found .*; (give a number|more than nothing|less than)"):
        read_duration(text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("view: weather.hourly", "view: weather", "1: view: found 'weather'; a view is called gr"),
        ("view: weather.hourly", "view: Weather.A", "1: view: The view name 'Weather.A' is not"),
        ("owner: weather", "mute: {FH12: a}", "3: mute: found 'FH12', which is no check of health"),
        ("owner: weather", "mute: {FH012: ' '}", "3: mute: mutes FH012 without a reason; say why"),
        ("owner: weather", "ower: weather", "3: ower: unknown field; did you mean 'owner'"),
        ("view: weather.hourly", "view: spine.a", "1: view: found 'spine.a'; spine stands for"),
        ("entities: {origin: station}", "entities: []", "6: entities: .*at least 1"),
        ("{origin: station}", "station", r"6: entities: found 'station'; a list such as \[stat"),
        ("{origin: station}", "[a, b, a]", "6: entities: 'a' stands twice"),
        ("{origin: station}", "{origin: ''}", "6: entities: found an empty name"),
        ("event_time: hour", "event_time: ''", "7: event_time: found ''; string should have"),
        ("{delay: 90m}", "{delay: 90}", "8: known_at.delay: found 90; give a number"),
        ("to_live: 6h", "to_live: 6 hours", "9: time_to_live: found '6 hours'; give a number"),
        ("  temp: float", "  temp: flota", "11: features.temp: found 'flota', did you mean"),
        ("  temp: float", "  te-mp: float", "11: features.te-mp: found the name 'te-mp'; letters"),
        ("  temp: float", "  temp: {unit: F}", "11: features.temp.type: this field is missing"),
        ("sql: temp < 32", "sql: temp < < 32", "12: features.cold.sql: SQL 'temp < < 32'"),
        ("sql: temp < 32", "sql: sum(temp)", "12: features.cold.sql: .*more than one row"),
        ("sql: temp < 32", "sql: a, column: x", "12: features.cold: has column and sql; give one"),
        ("sql: temp < 32", "window: 1d", "12: features.cold: has window without aggregate"),
        ("window: 1d, ", "", "15: features.rain_1d: sum needs a window"),
        ("of: precip, ", "", "15: features.rain_1d: sum needs 'of'"),
        ("where: precip", "where: cutoff", "15: features.rain_1d: an aggregate cannot read the cu"),
        ("type: integer", "type: float", "17: features.n_3h: count is integer, found 'float'"),
        ("float, aggregate: sum", "time, aggregate: sum", "sum is float or integer, found 'time'"),
        ("float, aggregate: sum", "integer, aggregate: mean", "mean is float, found 'integer'"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    file = tmp_path / "view.yaml"
    file.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecError, match=f"view.yaml:.*{message}"):
        FeatureView.read(file)


def test_every_mistake_at_once(tmp_path: Path) -> None:
    file = tmp_path / "view.yaml"
    file.write_text(GOOD.replace("type: boolean", "type: bool").replace("6h", "6"))
    with pytest.raises(SpecError) as caught:
        FeatureView.read(file)
    assert str(caught.value).count("view.yaml:") == 2
