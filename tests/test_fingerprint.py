"""Fingerprints against a plain twin of the rule in docs/formats.md, written from its words."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import struct
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proml_lab import fingerprint as module
from proml_lab.errors import DataError
from proml_lab.fingerprint import Content, fingerprint

ALL = 2**64
GOLDEN = 0x9E3779B97F4A7C15
NULLS = (0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7)
FRAME = pl.DataFrame(
    {
        "i": [1, 2, 3, None],
        "f": [0.5, float("nan"), None, -1.0],
        "s": ["a", "", None, "a text of more than eight bytes"],
        "b": [True, False, None, True],
        "t": [dt.datetime(2013, 1, d, tzinfo=dt.UTC) for d in (1, 2, 3, 4)],
        "l": [[1, 2], [], None, [3, None]],
        "o": [{"x": 1, "y": "u"}, {"x": None, "y": "u"}, None, {"x": None, "y": None}],
        "d": [Decimal("1.50"), None, Decimal("-2"), Decimal(0)],
    }
)


def mix(x: int, lane: int) -> int:
    shifts, factors = (
        ((30, 27, 31), (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)),
        ((33, 33, 33), (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)),
    )[lane]
    x = (x ^ (x >> shifts[0])) * factors[0] % ALL
    x = (x ^ (x >> shifts[1])) * factors[1] % ALL
    return x ^ (x >> shifts[2])


def text(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def of_bytes(value: bytes, lane: int) -> int:
    state = mix((len(value) + GOLDEN) % ALL, lane)
    for start in range(0, len(value), 8):
        state = mix((state + int.from_bytes(value[start : start + 8], "little")) % ALL, lane)
    return state


def word(value: object, kind: object, lane: int) -> int:
    match kind, value:
        case ["list", inner] | ["array", _, inner], list():
            state = mix((len(value) + GOLDEN) % ALL, lane)
            for item in value:
                of = NULLS[lane] if item is None else word(item, inner, lane)
                state = mix((state + of) % ALL, lane)
            return state
        case ["struct", fields], dict():
            return row(value, fields, lane)
        case ["decimal", _, scale], Decimal():
            return of_bytes(str(int(value.scaleb(scale))).encode(), lane)
        case "int128" | "uint128", int():
            return of_bytes(str(value).encode(), lane)
        case "float16" | "float32" | "float64", float():
            if value != value:
                return 0x7FF8000000000000
            return struct.unpack("<Q", struct.pack("<d", value or 0.0))[0]
        case ["datetime", unit, _], dt.datetime():
            zone = value.tzinfo or dt.UTC
            since = value.replace(tzinfo=zone) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
            return since // dt.timedelta(microseconds=1) * {"ns": 1000, "us": 1}[unit] % ALL
        case ["duration", "us"], dt.timedelta():
            return value // dt.timedelta(microseconds=1) % ALL
        case "date", dt.date():
            return (value - dt.date(1970, 1, 1)).days % ALL
        case _, str():
            return of_bytes(value.encode(), lane)
        case _, bytes():
            return of_bytes(value, lane)
        case _, int():
            return int(value) % ALL
    raise AssertionError((kind, value))


def row(values: dict[str, object], types: list[list[object]], lane: int) -> int:
    total = 0
    for name, kind in types:
        if values[name] is not None:
            key = hashlib.sha256(text([name, kind])).digest()[8 * lane : 8 * lane + 8]
            moved = word(values[name], kind, lane) + int.from_bytes(key, "little")
            total += mix(moved % ALL, lane)
    return total % ALL


def twin(frame: pl.DataFrame) -> str:
    types = [[name, module.type_of(frame.schema[name], name)] for name in sorted(frame.columns)]
    sums = [
        sum(mix((row(values, types, lane) + GOLDEN) % ALL, lane) for values in frame.to_dicts())
        for lane in (0, 1)
    ]
    head = {
        "format": "proml-table/1",
        "rows": frame.height,
        "columns": types,
        "sums": [f"{total % ALL:016x}" for total in sums],
    }
    return hashlib.sha256(text(head)).hexdigest()[:32]


MOMENT = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1))
COLUMNS = {
    "int": (pl.Int64(), st.integers(-(2**63), 2**63 - 1)),
    "byte": (pl.Int8(), st.integers(-128, 127)),
    "count": (pl.UInt64(), st.integers(0, 2**64 - 1)),
    "wide": (pl.Int128(), st.integers(-(2**100), 2**100)),
    "float": (pl.Float64(), st.floats()),
    "half": (pl.Float32(), st.floats(width=32)),
    "truth": (pl.Boolean(), st.booleans()),
    "text": (pl.String(), st.text(max_size=30)),
    "bytes": (pl.Binary(), st.binary(max_size=30)),
    "day": (pl.Date(), st.dates()),
    "moment": (pl.Datetime("us"), MOMENT),
    "span": (pl.Duration("us"), st.timedeltas(dt.timedelta(-(10**5)), dt.timedelta(10**5))),
    "lists": (pl.List(pl.Float64()), st.lists(st.none() | st.floats(), max_size=3)),
    "pair": (pl.Array(pl.Int16(), 2), st.lists(st.integers(0, 9), min_size=2, max_size=2)),
    "deep": (
        pl.List(pl.Struct({"a": pl.Int8(), "b": pl.List(pl.String())})),
        st.lists(
            st.none()
            | st.fixed_dictionaries(
                {
                    "a": st.none() | st.integers(0, 3),
                    "b": st.none() | st.lists(st.sampled_from(["", "x", "yy"]), max_size=2),
                }
            ),
            max_size=2,
        ),
    ),
}


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    names = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=4, unique=True))
    n = draw(st.integers(0, 6))
    made = []
    for name in names:
        kind, values = COLUMNS[name]
        cells = draw(st.lists(st.none() | values, min_size=n, max_size=n))
        made.append(pl.Series(name, cells, dtype=kind, strict=False))
    return pl.DataFrame(made)


@settings(max_examples=150)
@given(frames())
def test_it_is_the_rule(frame: pl.DataFrame) -> None:
    assert fingerprint(frame) == twin(frame)


def test_it_is_the_rule_for_every_type_at_once() -> None:
    assert fingerprint(FRAME) == twin(FRAME)


@settings(max_examples=60)
@given(frames(), st.randoms(use_true_random=False))
def test_order_chunks_and_pieces_do_not_matter(frame: pl.DataFrame, rng: object) -> None:
    want = fingerprint(frame)
    rows = np.random.default_rng(rng.randrange(2**32)).permutation(frame.height)  # type: ignore[attr-defined]
    moved = frame[rows].select(frame.columns[::-1])
    cut = frame.height // 2
    assert fingerprint(pl.concat([moved[:cut], moved[cut:]], rechunk=False)) == want
    pieces = Content(frame.schema)
    pieces.add(moved[cut:])
    pieces.add(moved[:cut])
    assert pieces.digest() == want
    longer = pl.concat([frame, frame])
    assert fingerprint(longer[frame.height :]) == want
    if frame.height:
        assert fingerprint(longer) != want


def test_blocks_and_threads_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    frame = FRAME[rng.integers(0, 4, 1000)].with_columns(k=pl.col("s").cast(pl.Categorical))
    want = twin(frame)
    for block, threads in ((7, 1), (64, 2), (10**6, 1)):
        monkeypatch.setattr(module, "BLOCK", block)
        assert fingerprint(frame, threads=threads) == want


@pytest.mark.parametrize("suffix", ["parquet", "ipc"])
def test_files_do_not_matter(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    frame = FRAME[rng.integers(0, 4, 500)]
    want = fingerprint(frame)
    path = tmp_path / f"table.{suffix}"
    if suffix == "ipc":
        frame.write_ipc(path, compression="zstd")
        assert fingerprint(pl.read_ipc(path)) == want
        return
    for kind, size in (("zstd", 100), ("uncompressed", 500), ("snappy", 33)):
        frame.write_parquet(path, compression=kind, row_group_size=size)  # type: ignore[arg-type]
        assert fingerprint(pl.read_parquet(path)) == want
        assert fingerprint(pl.read_parquet(path, columns=FRAME.columns[::-1])) == want


@pytest.mark.parametrize("column", FRAME.columns)
@pytest.mark.parametrize("row", range(4))
def test_any_changed_value_changes_it(column: str, row: int) -> None:
    values = FRAME[column].to_list()
    for other in (*range(4), None):
        new = None if other is None else values[other]
        if repr(new) == repr(values[row]):
            continue
        changed = [*values[:row], new, *values[row + 1 :]]
        frame = FRAME.with_columns(pl.Series(column, changed, dtype=FRAME[column].dtype))
        assert fingerprint(frame) != fingerprint(FRAME)


def test_two_columns_swapped_between_rows_are_another_content() -> None:
    one = pl.DataFrame({"a": [1, 2], "b": [1, 2]})
    two = pl.DataFrame({"a": [1, 2], "b": [2, 1]})
    assert fingerprint(one) != fingerprint(two)
    assert fingerprint(one) != fingerprint(one.rename({"a": "b", "b": "a"}).head(1))


def test_repeats_do_not_cancel() -> None:
    once, thrice = pl.DataFrame({"a": [1, 5]}), pl.DataFrame({"a": [1, 1, 1, 5]})
    pairs = [pl.DataFrame({"a": [x, x, y, y]}) for x in range(4) for y in range(x)]
    assert len({fingerprint(f) for f in [once, thrice, *pairs]}) == 2 + len(pairs)


def test_names_types_counts_and_repeats_matter() -> None:
    frame = pl.DataFrame({"a": [1, 2]})
    moment = frame.select(pl.col("a").cast(pl.Datetime("us")))
    others = [
        frame.rename({"a": "b"}),
        frame.cast(pl.Int32),
        frame.cast(pl.UInt64),
        frame.cast(pl.Float64),
        frame.cast(pl.Float32),
        frame.cast(pl.String),
        frame.cast(pl.String).cast(pl.Binary),
        frame.cast(pl.Decimal(10, 0)),
        frame.cast(pl.Decimal(11, 0)),
        frame.cast(pl.Date),
        moment,
        moment.cast(pl.Datetime("ns")),
        moment.select(pl.col("a").dt.replace_time_zone("UTC")),
        frame.select(pl.concat_list("a")),
        frame.select(pl.concat_list("a").cast(pl.Array(pl.Int64, 1)).alias("a")),
        frame.select(pl.struct("a")),
        frame.select(pl.struct(pl.col("a").alias("b")).alias("a")),
        frame.head(1),
        frame.head(0),
        frame.head(0).cast(pl.Int32),
        frame.select(),
        frame.with_columns(b=None),
        frame.with_columns(b=pl.lit(None, pl.Int64)),
        pl.concat([frame, frame]),
        pl.DataFrame({"a": [1, 1]}),
    ]
    assert len({fingerprint(f) for f in [frame, *others]}) == len(others) + 1


def test_nothing_is_of_many_kinds() -> None:
    floats = [None, float("nan"), 0.0, float("inf"), 5e-324]
    texts = [None, "", "\0", "\0\0", "\0" * 8, "null"]
    lists = [None, [], [None], [0], [None, None], [0, None]]
    structs = [None, {"a": None}, {"a": 0}]
    for values in (floats, texts, lists, structs):
        kind = pl.Series(values).dtype
        found = {fingerprint(pl.DataFrame({"a": pl.Series([v], dtype=kind)})) for v in values}
        assert len(found) == len(values)


def test_equal_values_are_equal() -> None:
    zero = pl.DataFrame({"a": [0.0, float("nan")]})
    assert fingerprint(zero) == fingerprint(pl.DataFrame({"a": [-0.0, -float("nan")]}))


@pytest.mark.parametrize("n", [1, 3, 70_000])
def test_categories_are_their_text(n: int) -> None:
    values = [None, "x", "y", "x", *map(str, range(n))]
    text = pl.DataFrame({"a": values})
    other = pl.Series(["zz", "y"], dtype=pl.Categorical)  # takes the first codes
    assert fingerprint(text) == fingerprint(text.cast(pl.Categorical))
    assert fingerprint(text) == fingerprint(text.cast(pl.Enum(sorted(set(values) - {None}))))
    assert fingerprint(text[:1]) == fingerprint(text[:1].cast(pl.Categorical))
    inside = text.select(pl.col("a").implode())
    assert fingerprint(inside) == fingerprint(inside.cast(pl.List(pl.Categorical)))
    assert other.dtype == pl.Categorical


def test_python_objects_are_refused() -> None:
    frame = pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object)})
    with pytest.raises(DataError, match=r"Column 'a' is Object, whose content has no fingerprint"):
        fingerprint(frame)


def test_it_is_the_same_tomorrow() -> None:
    assert fingerprint(FRAME) == "941d45f74ca07245e2381c4b66658654"


def test_two_parts_together_are_the_whole() -> None:
    frame = pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})
    parts = [Content(frame.schema) for _ in range(2)]
    parts[0].add(frame[:1])
    parts[1].add(frame[1:])
    assert parts[0].together(parts[1]).digest() == fingerprint(frame)
    assert parts[0].digest() == fingerprint(frame[:1])
