"""What cells took: written, read, and used to tell how far a run is."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.promote.run import times
from proml_lab.promote.run.times import CellFacts


def fact(key: str, seconds: float) -> CellFacts:
    return CellFacts(key, seconds, 2**20 * 100, 5, False)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    cells = (fact("a", 1.5), fact("b", 0.0))
    times.write(tmp_path, cells)
    assert times.read(tmp_path) == cells


@pytest.mark.parametrize("text", ["", "{}", '{"cells": [{"id": "a"}]}', '{"cells": 3}'])
def test_what_cannot_be_read_is_as_if_it_were_not_there(tmp_path: Path, text: str) -> None:
    assert times.read(tmp_path) == ()
    (tmp_path / "cells.json").write_text(text)
    assert times.read(tmp_path) == ()


def test_parts_are_even_where_nothing_is_known() -> None:
    assert times.parts(["a", "b"], ()) == {"a": (0.0, 0.5), "b": (0.5, 1.0)}
    assert times.parts([], ()) == {}


def test_parts_are_as_long_as_the_cells_took_and_new_ones_as_the_mean() -> None:
    found = times.parts(["a", "new", "b"], [fact("a", 1.0), fact("b", 3.0), fact("gone", 99.0)])
    assert found == {"a": (0.0, 1 / 6), "new": (1 / 6, 0.5), "b": (0.5, 1.0)}


def test_a_run_in_one_line() -> None:
    assert times.summary([fact("a", 1.0), fact("b", 3.0)]) == (
        "Its cells took 4.0 s, the slowest of them 3.0 s (75%); "
        "the kernel used up to 100 MB of memory."
    )
    assert times.summary([]) == ""
