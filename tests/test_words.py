"""Numbers in words."""

from __future__ import annotations

import pytest

from proml_lab.words import counted


@pytest.mark.parametrize(("n", "said"), [(0, "0 rows"), (1, "1 row"), (2000, "2,000 rows")])
def test_so_many_things(n: int, said: str) -> None:
    assert counted(n, "row") == said
