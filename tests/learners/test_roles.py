from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from proml_lab import authoring, learners
from proml_lab.contracts import Dataset
from proml_lab.errors import ColumnMissingError, UsageError
from proml_lab.learners.roles import with_roles
from tests.learners.conftest import make_rows

SPINE = {"source": "flights", "entities": ["carrier"], "cutoff": "at"}
NAMED = [{"weather": ["wind", "x"]}, {"planes": {"seats": "n_seats"}}]


@pytest.mark.parametrize("kind", ["Polars", "lazy", "pandas", "Arrow"])
@pytest.mark.parametrize("learner", ["baseline", "linear", {"trees": {"n_trees": 3}}])
def test_tables_of_every_kind_give_the_same_model(kind: str, learner: object, spec) -> None:
    frame = make_rows().frame
    table = {
        "Polars": lambda: frame,
        "lazy": frame.lazy,
        "pandas": frame.to_pandas,
        "Arrow": frame.to_arrow,
    }[kind]()
    asked = spec(learner, spine=SPINE, features=NAMED)
    wanted = learners.fit(asked, replace(make_rows(), features=("wind", "x", "seats")))
    for found in (learners.fit(asked, table), authoring.fit(asked, table)):
        assert found.features == ("wind", "x", "seats")
        assert found.raw(frame).tolist() == wanted.raw(frame).tolist()
        assert len(found.test) == len(wanted.test)
    made = Dataset(table, label="late", cutoff="at", features=("wind", "x", "seats"))
    assert isinstance(made.frame, pl.DataFrame)
    assert learners.fit(asked, made).raw(table).tolist() == wanted.raw(frame).tolist()


def test_a_dataset_keeps_its_own_roles(spec) -> None:
    rows = make_rows()
    assert with_roles(rows, spec(spine=SPINE, features=NAMED)) is rows


def test_without_names_every_column_that_has_no_role_is_a_feature(spec) -> None:
    frame = make_rows().frame
    label = {"column": "late", "weight": "seats", "offset": "delay"}
    made = with_roles(frame, spec(label=label, spine=SPINE))
    assert made.features == ("x", "wind", "weekend", "n_calls")
    assert (made.entities, made.cutoff) == (("carrier",), "at")
    whole = spec(spine=SPINE, features=[{"spine": ["carrier"]}, "weather"])
    told = with_roles(frame, whole).features
    assert told == ("carrier", "x", "wind", "weekend", "seats", "delay", "n_calls")


def test_transforms_alone_are_features_enough(spec) -> None:
    asked = spec(spine=SPINE, transforms={"twice": "2 * x"})
    model = learners.fit(asked, make_rows().frame)
    assert model.features == ("twice",)
    assert np.isfinite(model.predict(make_rows().frame)).all()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"features": [{"v": ["wint"]}]}, "wint"),
        ({"spine": {**SPINE, "cutoff": "att"}}, "att"),
        ({"spine": {**SPINE, "entities": ["carier"]}}, "carier"),
    ],
)
def test_a_column_that_the_spec_names_is_there(fields: dict[str, object], name: str, spec) -> None:
    message = f"table has no column '{name}', which the spec names.\nHint: did you mean"
    with pytest.raises(ColumnMissingError, match=message):
        learners.fit(spec(**fields), make_rows().frame)


@pytest.mark.parametrize(("given", "found"), [(None, "None"), ("rows.parquet", "str"), (3, "int")])
def test_what_is_no_table_is_refused(given: object, found: str, spec) -> None:
    message = rf"a Dataset or a table: A table is needed, found {found}\.\nHint: give a Polars"
    with pytest.raises(UsageError, match=message):
        learners.fit(spec(), given)
