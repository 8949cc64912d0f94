"""Sizes in words."""

from __future__ import annotations

import pytest

from proml_lab.marketplace.size import n_bytes


@pytest.mark.parametrize(
    ("size", "n"), [("256MB", 256_000_000), ("1.5 GB", 1_500_000_000), ("0", 0), ("7kB", 7000)]
)
def test_a_size_is_so_many_bytes(size: str, n: int) -> None:
    assert n_bytes(size) == n


@pytest.mark.parametrize("size", ["", "big", "5 bytes", "-1MB"])
def test_what_is_no_size(size: str) -> None:
    with pytest.raises(ValueError, match="is no size; write one such as '256MB'"):
        n_bytes(size)
