"""Sources on an S3 server of our own: read, kept by a promoted run, and refused in one line."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import requests

from proml_lab.document import parse
from proml_lab.errors import SourceError, SpecError
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.source import Source, open_table
from proml_lab.marketplace.source.kept import FOLDER, LIMIT
from proml_lab.marketplace.source.remote import failed
from proml_lab.marketplace.view import FeatureView
from tests.objects import Store, running

FRAME = pl.DataFrame({"id": [1, 2], "rain": [0.5, None]})


def parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with running() as store:
        for number in range(2):
            store.put(f"days/day=2024-03-0{number + 1}/0.parquet", parquet(FRAME))
        store.put("rain.csv", b"id,rain\n1,0.5\n2,\n")
        store.put("broken.parquet", b"PAR1 no")
        yield store


@pytest.fixture
def store(server: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The server, with its place and our keys in the environment."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


def test_files_and_folders_of_a_bucket(store: Store) -> None:
    one = open_table("s3://wet/rain.csv", Path(), role="It")
    assert one.read().equals(FRAME)
    assert one.content() == fingerprint(FRAME)
    assert (one.state, one.files) == (None, ())
    days = FRAME.with_columns(day=pl.lit("2024-03-01").str.to_date())
    many = open_table("s3://wet/days/**/*.parquet", Path(), role="It")
    assert many.n_rows() == 4
    assert many.read().filter(pl.col("day") == days["day"][0]).equals(days)
    whole = open_table(Source(path="s3://wet/days/", format="parquet"), Path(), role="It")
    assert whole.content() == many.content()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("s3://wet/none.parquet", "View 'a.b': there is no file s3://wet/none.parquet."),
        ("s3://wet/none/*.parquet", "View 'a.b': there is no file s3://wet/none/*.parquet."),
        ("s3://dry/rain.parquet", "View 'a.b': there is no file s3://dry/rain.parquet."),
        ("s3://wet/broken.parquet", "View 'a.b': the file s3://wet/broken.parquet cannot be read"),
    ],
)
def test_what_is_not_there_or_is_broken(store: Store, path: str, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_table(path, Path(), role="View 'a.b'").read()
    assert str(caught.value).startswith(said)
    assert "AWS_ENDPOINT_URL" in caught.value.hint
    assert len(str(caught.value).splitlines()) == 2


def test_keys_that_the_server_refuses(store: Store) -> None:
    requests.post(f"{store.address}/moto-api/reset-auth", data=b"0", timeout=30)
    try:
        for source in (Source(path="s3://shut/x.parquet"), Source(delta="s3://shut/x")):
            with pytest.raises(SourceError, match="may not be read with the keys of the") as caught:
                open_table(source, Path(), role="It").read()
            assert "check them, for s3:// AWS_ACCESS_KEY_ID" in caught.value.hint
            assert "hush" not in str(caught.value)
    finally:
        requests.post(f"{store.address}/moto-api/reset-auth", data=b"1000000", timeout=30)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "Error performing PUT http://169.254.169.254/latest/api/token in 1 ms: 403",
            "It: the file s3://a/b cannot be read: the environment has no keys for it.",
        ),
        (
            "Generic HTTP error: Error performing GET http://host/a?b=hush in 3.5s, after 10 "
            "retries, max_retries: 10 - HTTP error: error sending request (location: a (path: ))",
            "It: the file s3://a/b cannot be read: nothing answers at its address.",
        ),
        (
            "object-store error: Error performing GET http://host/a?b=hush in 3.5s, after 10 "
            "retries, retry_timeout: 180s  - Server returned 503 for http://host/a?b=hush "
            "(location: a?b=hush) (path: http://host).\nmore",
            "It: the file s3://a/b cannot be read: object-store error: Error performing GET "
            "http://host/a - Server returned 503 for http://host/a.",
        ),
    ],
)
def test_no_keys_and_no_network(reason: str, said: str) -> None:
    assert str(failed("It", "the file s3://a/b", OSError(reason))).splitlines()[0] == said


@pytest.mark.parametrize(
    "source",
    [
        "s3://ann:hush@wet/x.parquet",
        "https://host/x.parquet?X-Amz-Signature=hush",
        "{delta: 's3://wet/x?secret=hush'}",
        "{iceberg: 'az://wet/x?sig=hush'}",
    ],
)
def test_keys_in_an_address_are_refused_without_showing_them(source: str) -> None:
    text = f"view: a.b\nsource: {source}\nentities: [id]\nfeatures: {{x: float}}\n"
    with pytest.raises(SpecError, match="has a key or a password in it") as caught:
        parse(text, FeatureView, name="v.yaml")
    assert "hush" not in str(caught.value)


def test_a_run_keeps_what_it_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And neither reads it again, nor writes down where the server is or who reads it."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setenv(LIMIT, "100000")
    store.put("moving.parquet", parquet(FRAME))
    table = open_table("s3://wet/moving.parquet", Path(), role="It")
    assert table.read(["rain"]).equals(FRAME.select("rain"))
    store.put("moving.parquet", parquet(FRAME.reverse()))
    again = open_table("s3://wet/moving.parquet", Path(), role="It")
    assert again.read(["rain"]).equals(FRAME.select("rain"))
    held = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert len(held) == 3
    for secret in (b"hush", b"ann", store.address.encode()):
        assert not any(secret in content for content in held)
    assert "hush" not in repr(again) + repr(table)


def test_what_follows_the_question_mark_of_an_address_is_shown_nowhere() -> None:
    source = Source(path="https://host/x.parquet?b=hush")
    table = open_table(source, Path(), role="It")
    assert (table.what, str(source)) == (
        "the file https://host/x.parquet",
        "https://host/x.parquet",
    )
    with pytest.raises(SourceError, match=r"It: https://host/x has no ending that we know"):
        open_table(Source(path="https://host/x?b=hush.parquet"), Path(), role="It").schema()
