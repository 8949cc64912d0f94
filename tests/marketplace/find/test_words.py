from __future__ import annotations

import pytest

from proml_lab.marketplace.find.words import telling, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Wind_speed WIND", ["wind", "speed"]),
        ("over 7d, 30 days", ["over", "7d", "30", "days"]),
        ("Café Zürich", ["cafe", "zurich"]),
        ("Straße", ["strasse"]),
        ("天気", ["天気"]),
        ("-- > ..", []),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_words_that_say_little_count_where_there_is_nothing_else() -> None:
    assert telling(words("the delay of a carrier")) == ["delay", "carrier"]
    assert telling(words("to the")) == ["to", "the"]
