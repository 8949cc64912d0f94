"""What the command line keeps in files: specs, datasets, models, and frames of reports."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.contracts import Dataset, Origin, Report
from proml_lab.errors import ArtifactError, SourceError, UsageError
from proml_lab.marketplace.source import open_table
from proml_lab.model import Model
from proml_lab.spec import ModelSpec

ROLES = "proml.roles"
ELSEWHERE = "free some space, or give another folder."


def write(value: object, path: Path) -> None:
    """Keep `value` at `path`, which must not be there yet.

    A model becomes a folder, a spec YAML, a schema JSON, a dataset Parquet with its roles in the
    file's metadata, a report the Parquet or CSV of its frame.

    A file is written beside and moved into place whole: what fails leaves nothing.

    Raises
    ------
    UsageError
        There is something at `path`, or `value` has no form as a file.
    SourceError, ArtifactError
        It cannot be written: the disk is full, or the folder is not ours to write in.
    """
    require_new(path)
    beside = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, Model):
            value.save(path)
        else:
            _require_ending(value, path)
            _write(value, beside, as_csv=path.suffix == ".csv")
            beside.replace(path)
    except ArtifactError as error:
        raise ArtifactError(error.message, hint=error.hint or ELSEWHERE) from None
    except (OSError, PolarsError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise SourceError(f"{str(path)!r} cannot be written: {reason}.", hint=ELSEWHERE) from None
    finally:
        with contextlib.suppress(OSError):  # not there, or a disk that cannot be written on
            beside.unlink()


def _require_ending(value: object, path: Path) -> None:
    """Raise UsageError if a table would be written under the name of another kind of file."""
    allowed = (".parquet",) if isinstance(value, Dataset) else (".parquet", ".csv")
    if isinstance(value, Dataset | Report) and path.suffix not in ("", *allowed):
        raise UsageError(
            f"{str(path)!r} ends in {path.suffix!r}, and a table is kept as Parquet"
            f"{' or CSV' if '.csv' in allowed else ''}.",
            hint=f"end the name in {' or '.join(allowed)}.",
        )


def _write(value: object, path: Path, *, as_csv: bool) -> None:
    match value:
        case ModelSpec():
            path.write_text(value.to_yaml(), encoding="utf-8")
        case dict():
            path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
        case Dataset():
            value.frame.write_parquet(path, metadata={ROLES: _roles(value)})
        case Report():
            frame = value.frame()
            if as_csv and any(kind.is_nested() for kind in frame.dtypes):
                raise UsageError(
                    f"A {type(value).__name__} has lists, which CSV has no place for.",
                    hint="give a name that ends in .parquet.",
                )
            if as_csv:
                frame.write_csv(path)
            else:
                frame.write_parquet(path)
        case _:
            raise UsageError("There is nothing here to keep in a file.", hint="leave -o out.")


def require_new(path: Path) -> None:
    """Raise UsageError if there is something at `path`: nothing is overwritten."""
    if path.exists():
        raise UsageError(f"{str(path)!r} is there already.", hint="choose another name.")


def read(path: Path) -> Model | ModelSpec | Dataset:
    """What `write` kept at `path`; a Parquet file without roles is a dataset of kept columns.

    Raises
    ------
    SpecError, SourceError
        It cannot be read.
    UsageError
        It is none of ours.
    """
    if (path / "model.json").is_file():
        from proml_lab.learners import load

        return load(path)
    if path.suffix in {".yaml", ".yml"}:
        return ModelSpec.read(path)
    if path.suffix == ".parquet":
        return _dataset(path)
    raise UsageError(
        f"{str(path)!r} is neither a spec, a dataset nor a model.",
        hint="a spec is a *.proml.yaml file, a dataset a *.parquet file, "
        "a model a folder with a model.json.",
    )


def read_dataset(path: str | Path) -> Dataset:
    """The dataset that `write` kept at `path`; raises as `read` does."""
    found = read(Path(path))
    if not isinstance(found, Dataset):
        raise UsageError(
            f"{str(path)!r} is not a dataset.", hint="a dataset is kept as a *.parquet file."
        )
    return found


def readable(folder: Path) -> list[str]:
    """Names in `folder` that `read` can read."""
    found = [*folder.glob("*.proml.yaml"), *folder.glob("*.parquet")]
    found += [path.parent for path in folder.glob("*/model.json")]
    return sorted(str(path) for path in found)


def _roles(dataset: Dataset) -> str:
    return json.dumps(
        {
            "label": dataset.label,
            "entities": dataset.entities,
            "cutoff": dataset.cutoff,
            "features": dataset.features,
            "origins": [asdict(origin) for origin in dataset.origins],
            "personal": dataset.personal,
        }
    )


def _dataset(path: Path) -> Dataset:
    try:
        frame = pl.read_parquet(path)
        kept = pl.read_parquet_metadata(path).get(ROLES)
    except (PolarsError, OSError) as error:
        raise open_table(path, Path(), role="The dataset").failed(error) from None
    if kept is None:
        return Dataset(frame)
    try:
        return Dataset(frame, **_roles_of(json.loads(kept)))
    except (ValueError, KeyError, TypeError):
        raise SourceError(
            f"{str(path)!r}: the roles of its columns are damaged.",
            hint="make it again: proml dataset SPEC -o FILE.",
        ) from None


def _roles_of(kept: dict[str, Any]) -> dict[str, Any]:
    origins = [Origin(**{**o, "columns": tuple(o["columns"])}) for o in kept["origins"]]
    return {
        "label": kept["label"],
        "entities": tuple(kept["entities"]),
        "cutoff": kept["cutoff"],
        "features": tuple(kept["features"]),
        "origins": tuple(origins),
        "personal": tuple(kept.get("personal", ())),
    }
