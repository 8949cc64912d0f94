from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from proml_lab.errors import UsageError
from proml_lab.plots.scale import Scale, Value, scale


def made(values: list[Value], wanted: dict[str, Any] | None = None, **more: bool) -> Scale:
    return scale(wanted or {}, values, start=0, end=100, **more)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2.5, None], "linear"),
        (["a", "b"], "category"),
        (["a", 1], "category"),
        (["2013-01-01", "2013-02-01T10:00"], "date"),
        ([datetime(2013, 1, 1), date(2014, 1, 1)], "date"),
        ([], "linear"),
    ],
)
def test_the_kind_is_seen_from_the_values(values: list[Value], kind: str) -> None:
    assert made(values).kind == kind


def test_linear_places_are_proportional() -> None:
    axis = made([], {"range": [10, 20]})
    assert [axis.pixel(v) for v in (10, 12.5, 20)] == [0, 25, 100]
    assert axis.pixel(None) is None
    assert axis.pixel(float("nan")) is None


def test_log_places_are_proportional_to_the_logarithm() -> None:
    axis = made([], {"type": "log", "range": [0, 2]})
    assert [axis.pixel(v) for v in (1, 10, 100)] == [0, 50, 100]
    assert axis.pixel(0) is None


def test_dates_are_in_utc_whatever_their_form() -> None:
    axis = made([datetime(2013, 1, 1), datetime(2013, 1, 3)], padded=False)
    for middle in (
        datetime(2013, 1, 2),
        datetime(2013, 1, 2, tzinfo=UTC),
        "2013-01-02",
        date(2013, 1, 2),
    ):
        assert axis.pixel(middle) == pytest.approx(50)


def test_categories_keep_their_order() -> None:
    axis = made(["b", "a", "b"])
    assert [text for _, text in axis.ticks] == ["b", "a"]
    assert [axis.pixel(v) for v in ("b", "a")] == [25, 75]
    assert [text for _, text in made(["b"], {"categoryarray": ["a", "b"]}).ticks] == ["a", "b"]
    assert axis.pixel("c") is None


def test_bars_start_at_zero_and_lines_have_room() -> None:
    assert made([2, 4], from_zero=True).low == 0
    assert made([2, 4]).low < 2
    assert made([2, 4], {"rangemode": "tozero"}).low == 0
    assert made([2, 4], padded=False).low == 2


def test_one_value_has_room_around_it() -> None:
    axis = made([5])
    assert axis.low < 5 < axis.high
    assert made([0, 0]).low < 0 < made([0, 0]).high


def test_a_reversed_axis_ends_where_it_began() -> None:
    axis = made(["a", "b"], {"autorange": "reversed"})
    assert axis.place(0) > axis.place(1)


def test_given_ticks_are_kept() -> None:
    axis = made([0, 1], {"tickvals": [0, 0.5, 9], "ticktext": ["low", "mid", "out"]})
    assert axis.ticks == ((0, "low"), (0.5, "mid"))
    assert made([0, 1], {"tickvals": [0.5], "tickformat": ".0%"}).ticks == ((0.5, "50%"),)


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(UsageError, match="no axis of type 'multicategory'"):
        made([1], {"type": "multicategory"})
