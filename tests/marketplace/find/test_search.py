"""Search: ranked, forgiving, narrowed; its report in frame, figure and HTML."""

from __future__ import annotations

import pytest

from proml_lab.contracts import Report
from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.view import FeatureView


@pytest.fixture
def catalog() -> Catalog:
    weather = {
        "view": "weather.hourly", "source": "w.parquet", "entities": ["origin"], "owner": "weather",
        "tags": ["hourly"], "event_time": "hour",
        "features": {
            "wind_speed": {"type": "float", "unit": "mph", "description": "Speed of the wind."},
            "temp": {"type": "float", "description": "Air temperature.", "tags": ["heat"]},
            "sky": {"type": "string", "description": "Clouds, driven by wind or not."},
        },
    }  # fmt: skip
    carrier = {
        "view": "carrier.history", "source": "c.parquet", "entities": ["carrier"], "owner": "ops",
        "event_time": "t",
        "features": {
            "delay_7d": {
                "type": "float", "aggregate": "mean", "of": "arr_delay", "window": "7d",
                "description": "Mean delay.", "owner": "delays",
            },
            "n_flights": {"type": "integer", "aggregate": "count", "window": "1d"},
        },
    }  # fmt: skip
    return Catalog(tuple(FeatureView.model_validate(view) for view in (weather, carrier)))


def test_what_was_found_is_told_in_one_line(catalog: Catalog) -> None:
    assert repr(catalog) == "<Catalog: 2 views>"
    assert repr(Catalog()) == "<Catalog: 0 views>"
    asked = "SearchReport(text='wind', kept={}, n_all=5, max_rows=20, near=())"
    assert repr(catalog.search("wind")) == asked


def found(catalog: Catalog, text: str = "", **kept: str) -> list[str]:
    return catalog.search(text, **kept).frame()["feature"].to_list()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("wind", ["wind_speed", "sky"]),
        ("WIND", ["wind_speed", "sky"]),
        ("windspeed", ["wind_speed"]),
        ("wnid", ["wind_speed", "sky"]),
        ("temperatur", ["temp"]),
        ("heat", ["temp"]),
        ("arr_delay", ["delay_7d"]),
        ("7d", ["delay_7d"]),
        ("delays", ["delay_7d"]),
        ("mean delay carrier", ["delay_7d"]),
        ("mph", ["wind_speed"]),
        ("carrier wind", ["wind_speed", "delay_7d", "n_flights", "sky"]),
        ("zebra", []),
        ("-- > ..", ["wind_speed", "temp", "sky", "delay_7d", "n_flights"]),
    ],
)
def test_words_find_features(catalog: Catalog, text: str, names: list[str]) -> None:
    got = found(catalog, text)
    if text == "carrier wind":
        assert sorted(got) == sorted(names)
    else:
        assert got == names


def test_no_words_find_all_in_the_order_of_the_catalogue(catalog: Catalog) -> None:
    assert found(catalog) == ["wind_speed", "temp", "sky", "delay_7d", "n_flights"]


@pytest.mark.parametrize(
    ("kept", "names"),
    [
        ({"owner": "ops"}, ["n_flights"]),
        ({"owner": "delays"}, ["delay_7d"]),
        ({"tag": "heat"}, ["temp"]),
        ({"entity": "carrier"}, ["delay_7d", "n_flights"]),
        ({"type": "string"}, ["sky"]),
        ({"view": "weather.hourly", "type": "float"}, ["wind_speed", "temp"]),
        ({"view": "weather.hourly", "type": "integer"}, []),
    ],
)
def test_facets_narrow(catalog: Catalog, kept: dict[str, str], names: list[str]) -> None:
    assert found(catalog, **kept) == names


def view(name: str, features: dict[str, dict[str, object]], **more: object) -> FeatureView:
    said = {"view": name, "source": "s.parquet", "entities": ["id"], "features": features}
    return FeatureView.model_validate({**said, **more})


def test_a_name_that_is_all_that_was_asked_comes_first() -> None:
    names = ("delay_of_all_flights", "delay", "mean_delay")
    catalog = Catalog((view("a.b", {name: {"type": "float"} for name in names}),))
    assert found(catalog, "delay") == ["delay", "mean_delay", "delay_of_all_flights"]
    assert found(catalog, "mean delay")[0] == "mean_delay"


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    common = {f"delay_{i}": {"type": "float"} for i in range(30)}
    catalog = Catalog((view("a.b", {**common, "fog": {"type": "float"}}),))
    assert found(catalog, "delay fog zebra")[0] == "fog"


def test_what_is_deprecated_comes_last() -> None:
    features = {
        "delay_a": {"type": "float", "status": "deprecated"},
        "delay_b": {"type": "float", "status": "draft"},
        "delay_c": {"type": "float"},
    }
    catalog = Catalog((view("a.b", features, sensitivity="personal"),))
    assert found(catalog, "delay") == ["delay_c", "delay_b", "delay_a"]
    assert found(catalog) == ["delay_a", "delay_b", "delay_c"]
    page = catalog.search("delay")._repr_mimebundle_()["text/html"]
    assert "deprecated" in page
    assert "personal" in page


def test_words_that_say_little_need_not_be_there(catalog: Catalog) -> None:
    assert found(catalog, "speed of the wind") == ["wind_speed"]
    assert found(catalog, "delay for a carrier") == ["delay_7d"]


def test_a_page_is_a_part_of_the_frame(catalog: Catalog) -> None:
    report = catalog.search()
    assert report.page(1, 2).equals(report.frame()[1:3])
    assert report.page(9, 2).height == 0


@pytest.mark.parametrize(
    ("facet", "counts"),
    [
        ("source", {"w.parquet": 3, "c.parquet": 2}),
        ("status", {"active": 5}),
        ("sensitivity", {"internal": 5}),
        ("unit", {"mph": 1}),
        ("view", {"weather.hourly": 3, "carrier.history": 2}),
        ("freshness", {}),
    ],
)
def test_every_facet_is_counted(catalog: Catalog, facet: str, counts: dict[str, int]) -> None:
    assert getattr(catalog.facets(), facet) == counts
    for value, n in counts.items():
        assert len(found(catalog, **{facet: value})) == n


def test_a_value_that_nothing_has(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match=r"the owner 'opps'.\nHint: did you mean 'ops'"):
        catalog.search("wind", owner="opps")


def test_facets_count_with_the_choices_in_the_others(catalog: Catalog) -> None:
    everything = catalog.facets()
    assert everything.owner == {"weather": 3, "delays": 1, "ops": 1}
    assert everything.type == {"float": 3, "integer": 1, "string": 1}
    assert everything.tag == {"hourly": 3, "heat": 1}
    narrowed = catalog.facets("wind", type="float")
    assert narrowed.type == {"float": 1, "string": 1}
    assert narrowed.entity == {"origin": 1}
    assert narrowed.view == {"weather.hourly": 1}


def test_the_frame_has_what_is_said_of_a_feature(catalog: Catalog) -> None:
    row = catalog.search("delay").frame().row(0, named=True)
    assert row.pop("score") > 0
    assert row == {
        "view": "carrier.history",
        "feature": "delay_7d",
        "type": "float",
        "owner": "delays",
        "tags": [],
        "entities": ["carrier"],
        "unit": "",
        "description": "Mean delay.",
        "formula": "mean(arr_delay) over 7d",
        "source": "c.parquet",
        "status": "active",
        "sensitivity": "internal",
        "usage": None,
        "health": None,
        "freshness": None,
    }


def test_the_report_in_its_three_forms(catalog: Catalog) -> None:
    report = catalog.search("wind")
    assert isinstance(report, Report)
    bundle = report._repr_mimebundle_()
    assert bundle["text/plain"].splitlines()[:2] == [
        "2 of 5 features for 'wind'",
        "  weather.hourly.wind_speed  Speed of the wind.",
    ]
    assert "<script" not in bundle["text/html"]
    assert "wind_speed" in bundle["text/html"]
    (bar,) = report.figure().data
    assert (list(bar.x), list(bar.y)) == ([2], ["weather.hourly"])
    assert catalog.search(owner="ops").title == "1 of 5 features, owner ops"


def test_a_long_report_says_what_is_left_out(catalog: Catalog) -> None:
    from dataclasses import replace

    report = replace(catalog.search(), max_rows=2)
    assert report._repr_mimebundle_()["text/plain"].endswith("  and 3 more")


def test_nothing_found_is_a_report_too(catalog: Catalog) -> None:
    report = catalog.search("zebra")
    plain = report._repr_mimebundle_()["text/plain"].splitlines()
    assert plain[0] == "0 of 5 features for 'zebra'"
    assert plain[1].startswith("Hint: words to try: ")
    assert len(report.figure().data) == 1


def test_nothing_found_gives_the_nearest_words(catalog: Catalog) -> None:
    assert catalog.search("hoarly").found.height  # alike enough to be found
    report = catalog.search("hourglass")
    assert (len(report), report.near) == (0, ("hourly",))
    assert "Hint: words to try: hourly." in report._repr_mimebundle_()["text/html"]
    assert catalog.search("zebra").near[0] in ("carrier", "weather", "hourly", "origin")
    assert catalog.search("wind", type="integer").near == ()


def test_a_window_without_a_description_is_said_in_words(catalog: Catalog) -> None:
    about = dict(catalog.search().frame().select("feature", "description").rows())
    assert about["n_flights"] == "Number of rows in the 1d before the cutoff."
    assert about["delay_7d"] == "Mean delay."
