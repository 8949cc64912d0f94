"""Tables of Polars, pandas and Arrow as Polars frames."""

from __future__ import annotations

import warnings
from numbers import Number

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.errors import DataError


def as_table(data: object) -> pl.DataFrame:
    """Polars, pandas or Arrow as a Polars frame, without copying where possible.

    Raises
    ------
    DataError
        It is no table.
    """
    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if data is None or isinstance(data, str | bytes | Number):  # Polars reads None and text
        raise DataError(
            f"A table is needed, found {'None' if data is None else type(data).__name__}.",
            hint="pass a Polars, pandas or Arrow table.",
        )
    try:
        if type(data).__module__.split(".")[0] == "pandas" and hasattr(data, "columns"):
            data = _arrow(data)
        return pl.DataFrame(data)  # type: ignore[arg-type]
    except (TypeError, ValueError, PolarsError) as error:
        raise DataError(
            f"This {type(data).__name__} cannot be read as a table: {str(error).splitlines()[0]}.",
            hint="pass a Polars, pandas or Arrow table.",
        ) from None


def _arrow(data: object) -> object:
    """A pandas frame as an Arrow table: time zones kept, NaN as null, the index left out."""
    import pyarrow as pa

    with warnings.catch_warnings():  # pyarrow reads pandas in a way that pandas will change
        warnings.simplefilter("ignore", DeprecationWarning)
        return pa.Table.from_pandas(data, preserve_index=False)
