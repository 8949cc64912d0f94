from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.errors import DataError, SpecError
from tests.learners.conftest import make_rows


def of(frame: pl.DataFrame, *features: str) -> Dataset:
    return Dataset(frame, label="late", features=features)


def test_contributions_add_up_and_are_centred_on_the_training_rows(spec) -> None:
    rows = make_rows()
    model = learners.fit(spec("linear", split={"by": "time", "test": 0.2}), rows)
    why = model.contributions(model.test)
    assert np.allclose(why.base + why.values.sum(axis=1), model.raw(model.test), rtol=1e-12)
    train = rows.frame.head(model.n_rows)
    why = model.contributions(train)
    assert np.abs(why.values.mean(axis=0)).max() < 1e-12
    assert why.base == pytest.approx(model.raw(train).mean(), abs=1e-12)


def test_it_finds_the_slope_of_a_straight_line(spec) -> None:
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"x": rng.normal(5, 2, 2000)})
    frame = frame.with_columns(late=3 * pl.col("x") - 1)
    chosen = spec(
        {"linear": {"l2": 1e-6}},
        label={"column": "late", "task": "regression"},
        split={"by": "random"},
    )
    model = learners.fit(chosen, of(frame, "x"))
    assert np.allclose(model.predict(pl.DataFrame({"x": [0.0, 10.0]})), [-1, 29], atol=1e-5)
    row = model.summary().row(0, named=True)
    assert row["coefficient"] / row["scale"] == pytest.approx(3, abs=1e-6)


def test_rows_alone_score_as_in_a_batch(spec) -> None:
    model = learners.fit(spec("linear"), make_rows())
    frame = model.test.frame
    alone = [model.raw(frame[i])[0] for i in range(20)]
    assert np.array_equal(alone, model.raw(frame)[:20])


def test_unseen_and_rare_levels_share_an_effect(spec) -> None:
    rows = make_rows()
    frame = rows.frame.with_columns(
        carrier=pl.when(pl.int_range(pl.len()) < 5).then(pl.lit("rare")).otherwise("carrier")
    )
    data = Dataset(frame, label="late", cutoff="at", features=("carrier",))
    model = learners.fit(spec("linear"), data)
    raw = model.raw(pl.DataFrame({"carrier": ["rare", "never", "c0", None]}))
    assert raw[0] == raw[1]
    assert raw[2] not in (raw[0], raw[3])
    assert "rare" not in model.summary()["level"].to_list()
    kept = learners.fit(spec({"linear": {"min_count": 5}}), data)
    assert "rare" in kept.summary()["level"].to_list()


def test_a_missing_number_has_an_effect_of_its_own(spec) -> None:
    rng = np.random.default_rng(0)
    gone = rng.random(3000) < 0.4
    late = rng.random(3000) < np.where(gone, 0.9, 0.2)
    x = pl.Series(rng.normal(size=3000)).set(pl.Series(gone), None)
    frame = pl.DataFrame({"x": x, "late": late})
    model = learners.fit(spec("linear", split={"by": "random"}), of(frame, "x"))
    asked = pl.DataFrame({"x": [None, float("nan"), float("inf"), 0.0]})
    p = model.predict(asked)
    assert p[0] == p[1] == p[2]
    assert p[0] == pytest.approx(0.9, abs=0.03)
    assert p[3] == pytest.approx(0.2, abs=0.03)
    assert model.summary()["level"].to_list() == [None, "(missing)"]


def test_constant_and_empty_columns_have_no_effect(spec) -> None:
    frame = make_rows().frame.with_columns(
        same=pl.lit(3.0), none=pl.lit(None), word=pl.lit("a"), no_word=pl.lit(None, pl.String)
    )
    plain = learners.fit(spec("linear"), Dataset(frame, cutoff="at", features=("x",)))
    more = learners.fit(
        spec("linear"),
        Dataset(frame, cutoff="at", features=("x", "same", "none", "word", "no_word")),
    )
    assert np.allclose(more.raw(more.test), plain.raw(plain.test), atol=1e-4)
    assert np.abs(more.contributions(more.test).values[:, 1:]).max() < 1e-4
    other = more.test.frame.with_columns(same=pl.lit(99.0), none=pl.lit(1.0))
    assert np.allclose(more.raw(other), more.raw(more.test), atol=1e-4)


def test_infinite_training_values_are_refused(spec) -> None:
    rows = make_rows()
    with pytest.raises(DataError, match=r"'log' is infinite in \d+ training rows.\nHint: .*ln"):
        learners.fit(spec("linear", transforms={"log": "ln(n_calls)"}), rows)


def test_a_moment_is_refused_with_a_transform(spec) -> None:
    rows = make_rows()
    data = Dataset(rows.frame, cutoff="at", features=("x", "at"))
    with pytest.raises(DataError, match=r"(?s)Feature 'at' is Datetime.*extract\(hour from at\)"):
        learners.fit(spec("linear"), data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"l3": 1},
            "learner.linear.l3: unknown field; allowed are bounds, l1, l2, min_count, monotone",
        ),
        ({"l2": -1}, "l2: found -1; it must be at least 0"),
        ({"l2": 0}, "l1 and l2 are both 0; one of them must be above 0"),
        ({"bounds": {"x": [2, 1]}}, r"x has \[2.0, 1.0\]; give \[least, greatest\]"),
        ({"bounds": {"x": [float("nan"), 1]}}, r"bounds.x\[0\]: found nan; a number is needed"),
        (
            {"bounds": {"x": [None, -1]}, "monotone": {"x": "increasing"}},
            "x is increasing by monotone, which its bounds rule out",
        ),
        ({"bounds": {"carrier": [0, 1]}}, r"linear.bounds: 'carrier' is text; it needs a number"),
        ({"monotone": {"y": "decreasing"}}, r"linear.monotone: 'y' is no feature of the model"),
        ({"min_count": 0}, "min_count: found 0"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], message: str, spec) -> None:
    with pytest.raises(SpecError, match=message):
        learners.fit(spec({"linear": options}), make_rows())


def test_bounds_and_monotone_hold_per_unit_of_the_feature(spec) -> None:
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"x": rng.normal(5, 4, 2000), "z": rng.normal(0, 3, 2000)})
    frame = frame.with_columns(late=3 * pl.col("x") - pl.col("z") - 1)

    def slopes(**options: object) -> list[float]:
        chosen = spec(
            {"linear": {"l2": 1e-6, **options}},
            label={"column": "late", "task": "regression"},
            split={"by": "random"},
        )
        rows = learners.fit(chosen, of(frame, "x", "z")).summary()
        return [row["coefficient"] / row["scale"] for row in rows.iter_rows(named=True)]

    assert slopes() == pytest.approx([3, -1], abs=1e-6)
    assert slopes(bounds={"x": [None, 2]})[0] == pytest.approx(2, abs=1e-9)
    assert slopes(bounds={"x": [-5, 5], "z": [0.5, None]})[1] == pytest.approx(0.5, abs=1e-9)
    assert slopes(monotone={"x": "decreasing", "z": "decreasing"})[0] == 0.0
    assert slopes(monotone={"x": "increasing", "z": "increasing"})[1] == 0.0


def test_the_weight_of_sizes_makes_what_does_not_matter_zero(spec) -> None:
    rows = make_rows()
    fitted = learners.fit(spec({"linear": {"l1": 15, "l2": 0}}), rows)
    found = {
        (r["feature"], r["level"]): r["coefficient"] for r in fitted.summary().rows(named=True)
    }
    assert found["x", None] > 0.3
    assert found["seats", None] == found["wind", None] == 0.0
    assert fitted.predict(rows.frame).std() > 0.1


def test_progress_rises_to_one(spec) -> None:
    told: list[float] = []
    learners.fit(spec("linear"), make_rows(), progress=lambda part, text: told.append(part))
    assert told == sorted(told)
    assert told[-1] == 1.0
