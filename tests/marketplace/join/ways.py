"""Joins in every way that there is: they give the same, bit for bit, and refuse the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from polars.testing import assert_frame_equal

from proml_lab.contracts import Dataset
from proml_lab.errors import ProMLError
from proml_lab.marketplace import join
from proml_lab.marketplace.layout.layouts import Layouts


def training_set(spine: object, features: Any, **given: Any) -> Dataset:
    """As `join.training_set`, which reads sources; the same as where they are laid out."""
    features = features if isinstance(features, str) else [*features]
    read = _joined(spine, features, given)
    with tempfile.TemporaryDirectory() as folder:
        layouts = Layouts(Path(folder), 1 << 30, 1 << 30, smallest=0)
        for _ in ("made", "found"):
            laid = _joined(spine, features, given | {"layouts": layouts})
            if isinstance(read, ProMLError):
                assert isinstance(laid, ProMLError), "only by reading there is an error"
                assert (type(laid), str(laid)) == (type(read), str(read))
            else:
                assert isinstance(laid, Dataset), laid
                assert_frame_equal(laid.frame, read.frame, check_exact=True)
                assert laid.origins == read.origins
    if isinstance(read, ProMLError):
        raise read
    return read


def _joined(spine: object, features: Any, given: dict[str, Any]) -> Dataset | ProMLError:
    try:
        return join.training_set(spine, features, **given)
    except ProMLError as error:
        return error
