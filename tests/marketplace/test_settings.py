from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import SpecError
from proml_lab.marketplace.settings import read_settings


def test_settings_are_read_below_their_table(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    assert read_settings(file, ()) is None
    file.write_text("[tool.proml]\nrows = 5\n")
    assert read_settings(file, ("tool", "proml")) == {"rows": 5}
    assert read_settings(file, ("tool", "other")) is None
    assert read_settings(file, ("tool", "proml", "rows")) is None


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("rows 5")
    with pytest.raises(SpecError, match=r"x.toml: this is not valid TOML"):
        read_settings(tmp_path / "x.toml", ())
