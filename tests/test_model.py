from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from proml_lab.contracts import Dataset
from proml_lab.errors import ArtifactError, ColumnMissingError, DataError
from proml_lab.learners.baseline import Baseline
from proml_lab.learners.linear import Linear
from proml_lab.learners.terms import Slope
from proml_lab.model import Model, as_frame, as_inputs, input_type
from proml_lab.spec import ModelSpec


def model(task: str = "binary", **kinds: pl.DataType) -> Model:
    """Raw score: 1 + 2 · log2, the transform of x."""
    inputs = kinds or {"x": pl.Float64()}
    features = ("y",) if "x" in inputs else tuple(inputs)
    spec = ModelSpec.model_validate(
        {
            "name": "demo",
            "label": {"column": "late", "task": task},
            "spine": {"source": "flights"},
            "transforms": {"y": "ln(x) / ln(2)"} if "x" in inputs else {},
        }
    )
    term = Slope(mean=0.0, scale=1.0, coefficient=2.0)
    return Model(spec, Linear(1.0, dict.fromkeys(features, term)), inputs, features, "0", 3)


def test_predict_is_the_inverse_link_of_the_raw_score() -> None:
    frame = pl.DataFrame({"x": [1.0, 4.0]})
    raw = np.array([1.0, 5.0])
    for task in ("binary", "count", "regression"):
        assert np.allclose(model(task).raw(frame), raw, rtol=1e-15)
    assert np.allclose(model("binary").predict(frame), 1 / (1 + np.exp(-raw)), rtol=1e-15)
    assert np.allclose(model("count").predict(frame), np.exp(raw), rtol=1e-15)
    assert np.allclose(model("regression").predict(frame), raw, rtol=1e-15)


def test_extreme_scores_are_probabilities_without_a_warning() -> None:
    kinds = {"z": pl.Float64()}
    far = Model(model(**kinds).spec, Baseline(-800.0, 0.0, 1), kinds, ("z",), "0", 1)
    assert far.predict(pl.DataFrame({"z": [1.0]})).tolist() == [0.0]


def test_contributions_carry_the_transformed_values() -> None:
    why = model().contributions(pl.DataFrame({"x": [8.0]}))
    assert why.features == ("y",)
    assert why.frame["y"].to_list() == pytest.approx([3.0])
    assert why.base + why.values.sum() == pytest.approx(7.0)


def test_a_missing_column_is_named_with_the_nearest() -> None:
    message = (
        r"lacks 1 of the 1 columns that model 'demo' reads: x\.\nHint: did you mean 'X' to be 'x'\?"
    )
    with pytest.raises(ColumnMissingError, match=message):
        model().predict(pl.DataFrame({"X": [1.0]}))


def test_columns_that_are_read_are_not_offered_for_a_missing_one() -> None:
    pages = model(**dict.fromkeys(("visits", "visits_7d", "who"), pl.Float64()))
    message = (
        r"lacks 2 of the 3 columns that model 'demo' reads: visits_7d, who\.\n"
        r"Hint: give a Polars, pandas or Arrow table with the columns visits, visits_7d, who\.$"
    )
    with pytest.raises(ColumnMissingError, match=message):
        pages.predict(pl.DataFrame({"visits": [1.0], "z": [2.0]}))


def test_a_table_without_columns_lacks_them_all() -> None:
    with pytest.raises(ColumnMissingError, match="lacks 1 of the 1 columns"):
        model().predict(pl.DataFrame())


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, "A table is needed, found None"),
        (3, "A table is needed, found int"),
        (np.float64(3), "A table is needed, found float64"),
        ("rows.parquet", "A table is needed, found str"),
        ([1, 2], "A table with named columns is needed, found list"),
        ([], "A table with named columns is needed, found list"),
        (np.zeros((2, 2)), "A table with named columns is needed, found ndarray"),
        ({"x": [1.0], "y": [1.0, 2.0]}, "This dict cannot be read as a table: [^\n]*height[^\n]*"),
    ],
    ids=repr,
)
def test_what_is_no_table_is_told_beside_what_is_needed(given: object, found: str) -> None:
    hint = "Hint: give a Polars, pandas or Arrow table with the column x."
    with pytest.raises(DataError, match=rf"^{found}\.\n{hint}$"):
        model().predict(given)


def test_a_long_list_of_needed_columns_is_cut() -> None:
    many = model(**{f"c{i}": pl.Float64() for i in range(20)})
    with pytest.raises(DataError, match=r"the columns c0, .*, c11 and 8 more\.$"):
        many.predict(None)


def test_a_model_is_told_in_one_line() -> None:
    assert repr(model()) == "<Model demo: trees, binary, 1 feature, 3 training rows>"
    two = Model(model().spec, Baseline(0.0, 0.0, 2), {}, ("a", "b"), "0", 12_000, fit_s=2.0)
    assert repr(two).endswith("2 features, 12,000 training rows>")


def test_frames_of_every_kind_give_the_same_scores() -> None:
    frame = pl.DataFrame({"x": [1.0, 2.0, 4.0], "more": ["a", "b", "c"]})
    wanted = model().predict(frame).tolist()
    given = [frame.lazy(), frame.to_arrow(), frame.to_pandas(), Dataset(frame), frame.to_dicts()]
    for one in given:
        assert model().predict(one).tolist() == wanted
    assert isinstance(given[1], pa.Table)


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(DataError, match="This object cannot be read as a table"):
        as_frame(object())


NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "kind", "wanted"),
    [
        (pl.Series([1, 2]), pl.Float64(), [1.0, 2.0]),
        (pl.Series([1.0, 2.0]), pl.Int64(), [1, 2]),
        (pl.Series([None, 2.0]), pl.Int32(), [None, 2]),
        (pl.Series([True, False]), pl.Int8(), [1, 0]),
        (pl.Series(["a", "b"], dtype=pl.Categorical), pl.String(), ["a", "b"]),
        (pl.Series(["1.5", "2"]), pl.Float64(), [1.5, 2.0]),
        (pl.Series([None, None]), pl.String(), [None, None]),
        (pl.Series([NOON.replace(tzinfo=None)]), pl.Datetime("us", "UTC"), [NOON]),
        (
            pl.Series([NOON]).dt.convert_time_zone("America/New_York"),
            pl.Datetime("ms", "UTC"),
            [NOON],
        ),
    ],
)
def test_columns_are_read_in_the_type_of_the_fit(
    given: pl.Series, kind: pl.DataType, wanted: list[object]
) -> None:
    ready = as_inputs(pl.DataFrame({"x": given}), {"x": kind})["x"]
    assert ready.dtype == kind
    assert ready.to_list() == wanted


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (pl.Series(["one"]), pl.Float64(), "'x' is String, the model was fitted on Float64"),
        (pl.Series([7]), pl.String(), r"'x' is Int64, .*\nHint: cast it: .*pl\.col\('x'\)"),
        (pl.Series([NOON]), pl.Int64(), "is Datetime.*, the model was fitted on Int64"),
        (pl.Series([timedelta(1)]), pl.Datetime("us"), "is Duration"),
        (pl.Series([300]), pl.Int8(), "is Int64, the model was fitted on Int8"),
        (pl.Series([1.5]), pl.Int64(), "'x' holds fractions, .* whole numbers"),
    ],
)
def test_a_column_of_another_kind_is_refused(
    given: pl.Series, kind: pl.DataType, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        as_inputs(pl.DataFrame({"x": given}), {"x": kind})


def test_input_types_are_plain() -> None:
    assert input_type(pl.Series(["a"], dtype=pl.Enum(["a"]))) == pl.String
    assert input_type(pl.Series([Decimal("1.5")])) == pl.Float64
    assert input_type(pl.Series([None])) == pl.Float64
    assert input_type(pl.Series([NOON])) == pl.Datetime("us", "UTC")
    with pytest.raises(DataError, match=r"Column 'x' is List\(Int64\), which no model reads"):
        input_type(pl.Series("x", [[1]]))


def test_a_folder_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    model().save(tmp_path / "model")
    with pytest.raises(ArtifactError, match="model is already there"):
        model().save(tmp_path / "model")


def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match="cannot be written"):
        model().save(tmp_path / "file" / "model")


def test_a_failed_save_leaves_nothing(tmp_path: Path) -> None:
    class Full(Baseline):
        def save(self, folder: Path) -> None:
            (folder / "part").write_text("x")
            raise OSError(28, "No space left on device")

    full = Model(model().spec, Full(0.0, 0.5, 1), {}, (), "0", 1)
    with pytest.raises(ArtifactError, match="cannot be written: No space left on device"):
        full.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_the_same_model_is_saved_as_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        model().save(tmp_path / name)
    read: Callable[[str], dict[str, bytes]] = lambda name: {  # noqa: E731
        str(path.relative_to(tmp_path / name)): path.read_bytes()
        for path in (tmp_path / name).rglob("*")
        if path.is_file()
    }
    assert read("a") == read("b")
    assert set(read("a")) == {"model.json", "spec.proml.yaml", "predictor/linear.json"}
