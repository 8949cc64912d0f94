"""Rows that a model was fitted on are never scored without a word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.errors import DataError, UsageError
from proml_lab.evaluate import compare, evaluate
from tests.evaluate.test_compare import fitted
from tests.learners.conftest import make_rows

RANDOM = {"by": "random", "test": 0.3}


@pytest.mark.parametrize(
    "split",
    [
        {"test": 0.2},
        {"test_from": "2013-01-20"},
        {"test_from": "2013-01-20", "gap": "2d", "window": "9d"},
        RANDOM,
        {"by": "stratified"},
        {"by": "entity"},
        {"by": "entity", "entity": "seats"},
    ],
)
def test_of_the_models_own_dataset_the_held_out_rows_are_used(split, tmp_path) -> None:
    fresh = [fitted(name, split=split) for name in ("linear", "baseline")]
    wanted = compare(*fresh, resamples=20)
    for model in fresh:
        model.save(tmp_path / model.learner)
    saved = [learners.load(tmp_path / model.learner) for model in fresh]
    found = compare(*saved, on=make_rows(), resamples=20)
    assert found.frame().drop("fit_s").equals(wanted.frame().drop("fit_s"))
    assert (found.n_rows, found.n_given) == (len(fresh[0].test), 600)
    assert found.frame()["fit_s"].null_count() == found.frame().height
    assert found.wide().height == 2
    said = f"on held-out rows of the data given: {found.n_rows} of 600, label"
    assert said in str(found)
    assert (wanted.n_given, "of the data given" in str(wanted)) == (None, False)


def test_a_bare_table_is_known_by_the_cutoff_of_the_spec() -> None:
    model = fitted(spine={"source": "flights", "cutoff": "at"})
    found = evaluate(model, on=make_rows().frame, resamples=0)
    assert (found.n_rows, found.n_given) == (120, 600)
    assert np.array_equal(found.predictions["demo"], model.predict(model.test))


def test_a_bare_table_is_known_by_the_label_and_the_entities_of_the_spec() -> None:
    for by, entities in (("stratified", []), ("entity", ["carrier"])):
        spine = {"source": "flights", "entities": entities}
        model = fitted(spine=spine, split={"by": by})
        found = evaluate(model, on=make_rows().frame, resamples=0)
        assert (found.n_rows, found.n_given) == (len(model.test), 600)
    other = make_rows(50, seed=9).frame.drop("carrier").with_columns(carrier=pl.lit("c1"))
    assert evaluate(model, on=other, resamples=0).n_rows == 50


@pytest.mark.parametrize(
    "rows",
    [
        make_rows(50, seed=9),
        make_rows().frame.tail(120),
        make_rows().frame.with_columns(late=~pl.col("late")),
        Dataset(make_rows().frame.drop("at")),  # no cutoff: it cannot be split as it was
    ],
)
def test_other_data_is_taken_whole(rows: object) -> None:
    found = evaluate(fitted(), on=rows, resamples=0)
    assert found.n_rows == found.n_given
    assert "of the data given" not in str(found)


def test_a_model_that_does_not_know_the_data_is_scored_on_what_the_other_held_out() -> None:
    stranger = fitted("baseline", make_rows(200, seed=3))
    found = compare(stranger, fitted(), on=make_rows(), resamples=0)
    assert (found.n_rows, found.n_given) == (120, 600)


def test_rows_that_were_all_learnt_from_are_refused() -> None:
    rows = make_rows()
    train = replace(rows, frame=rows.frame.head(480).reverse())
    with pytest.raises(DataError, match="'demo' was fitted on all 480 rows given"):
        evaluate(fitted(), on=train)


def test_models_that_held_out_different_rows_are_refused() -> None:
    message = "Of the 600 rows given, 'linear' and 'baseline' .* held out 120, 'baseline' 180"
    with pytest.raises(UsageError, match=message):
        compare(fitted(), fitted("baseline", split=RANDOM), on=make_rows())


def test_what_leaks_is_told_of_models_in_memory_and_of_saved_ones(tmp_path) -> None:
    mixed = fitted(split=RANDOM)
    told = str(evaluate(mixed, resamples=0))
    assert "\nLK001 an entity on both sides: 180 of 180 test rows (100%) have a 'carrier'" in told
    assert "\nLK002 training rows that are not earlier than the test: " in told
    mixed.save(tmp_path / "m")
    saved = learners.load(tmp_path / "m")
    found = evaluate(saved, on=make_rows(), resamples=0)
    assert found.leaks == {"demo": mixed.leaks}
    assert "LK001 an entity on both sides" in found._repr_mimebundle_()["text/html"]
    strange = evaluate(saved, on=make_rows(50, seed=9), resamples=0)
    assert strange.leaks == {}
    assert "LK0" not in str(strange)
    assert "LK0" not in str(evaluate(fitted(), resamples=0))


def test_models_are_named_where_not_all_of_them_leak() -> None:
    rows = make_rows()
    plain = replace(rows, entities=())
    both = compare(fitted("baseline", rows, split=RANDOM), fitted("linear", plain, split=RANDOM))
    lines = [line for line in str(both).splitlines() if "LK0" in line]
    assert [line.split(" training")[0] for line in lines] == [
        "baseline: LK001 an entity on both sides: 180 of 180 test rows (100%) have a 'carrier' "
        "that is in the",
        "LK002",
    ]
