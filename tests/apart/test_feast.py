"""A repository fresh from ``feast init``, in an environment of its own."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.apart.conftest import ROOT, call, make_environment
from tests.marketplace.draft.test_golden import answered

pytestmark = pytest.mark.timeout(1200)


def test_every_driver_gets_what_feast_gives(tmp_path: Path) -> None:
    python = make_environment(tmp_path / "env", "feast==0.67.0")
    script = ROOT / "tests" / "marketplace" / "draft" / "make_golden.py"
    call(python, script, tmp_path / "whole", "--whole")
    answers = pl.read_parquet(tmp_path / "whole" / "answers.parquet")
    assert answers["driver_id"].n_unique() == 6
    ours = answered(tmp_path / "whole" / "made" / "feature_repo", answers)
    assert ours.equals(answers.select(ours.columns))
