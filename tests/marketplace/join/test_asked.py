"""A name in a spec that the workspace does not know is told with its line."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import ProMLError
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.spec import ModelSpec
from tests.marketplace.conftest import at

SPEC = """\
name: sold
label: sold
spine:
  source: days
  entities: [id]
  cutoff: now
features:
  - shop.sales:
      - x
      - y
  - shop.sales: {again: x}
  - spine
split: {by: random}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name in ("features", "sources"):
        (tmp_path / name).mkdir()
    (tmp_path / "proml.toml").write_text("")
    rows = pl.DataFrame({"id": [1, 2], "time": [at(0), at(1)], "x": [1.0, 2.0], "y": [3.0, 4.0]})
    rows.write_parquet(tmp_path / "sources" / "sales.parquet")
    days = pl.DataFrame(
        {"id": [1, 2], "now": [at(2), at(3)], "size": [5, 6], "sold": [True, False]}
    )
    days.write_parquet(tmp_path / "sources" / "days.parquet")
    (tmp_path / "features" / "sales.yaml").write_text(
        "view: shop.sales\nsource: sources/sales.parquet\nentities: [id]\nevent_time: time\n"
        "features:\n  x: float\n  y: float\n"
    )
    return open_workspace(tmp_path)


def test_what_is_there_is_joined(workspace: Workspace) -> None:
    made = workspace.dataset(ModelSpec.parse(SPEC))
    assert made.features == ("x", "y", "again", "size")
    assert made.frame["again"].to_list() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("source: days", "source: dayz", "f:4: spine.source: There is no source 'dayz'"),
        ("label: sold", "label: solt", "f:2: label.column: The spine has no column 'solt'."),
        ("[id]", "[id, it]", "f:5: spine.entities[1]: The spine has no column 'it'."),
        ("cutoff: now", "cutoff: then", "f:6: spine.cutoff: The spine has no column 'then'."),
        ("- shop.sales:\n", "- shop.sale:\n", "f:9: features[0].shop.sale[0]: There is no feature"),
        ("- y", "- z", "f:10: features[0].shop.sales[1]: "),
        ("{again: x}", "{again: u}", "f:11: features[1].shop.sales.again: "),
        ("- spine", "- spin", "f:12: features[2]: There is no view or feature 'spin'."),
        ("- spine", "- spine: [siz]", "f:12: features[2].spine[0]: The spine has no column 'siz'."),
    ],
)
def test_what_is_not_there_is_told_with_its_line(
    old: str, new: str, said: str, workspace: Workspace
) -> None:
    with pytest.raises(ProMLError) as caught:
        workspace.dataset(ModelSpec.parse(SPEC.replace(old, new, 1), name="f"))
    assert caught.value.message.startswith(said)
    assert caught.value.hint.startswith(("did you mean", "choose one of"))


def test_a_spec_made_in_python_tells_no_lines(workspace: Workspace) -> None:
    spec = ModelSpec.parse(SPEC).but(features=["shop.sale"])
    with pytest.raises(ProMLError, match=r"\AThere is no view or feature 'shop.sale'\."):
        workspace.dataset(spec)
