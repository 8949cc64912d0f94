"""Which files are copied, and what is told of the others."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest

from proml_lab.fingerprint import fingerprint
from proml_lab.promote.freeze.reads import Read
from proml_lab.promote.freeze.snapshot import Table, secret, write


def put(root: Path, name: str, content: bytes) -> Read:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Read(name, "opened")


def test_the_small_are_kept_first_up_to_the_limit(tmp_path: Path) -> None:
    sizes = {"b": 300, "a/deep": 300, "c": 400, "d": 1}
    reads = [put(tmp_path / "root", name, b"x" * n) for name, n in sizes.items()]
    rows = write(tmp_path / "to", tmp_path / "root", reads, limit=700, tables={})
    assert [row["path"] for row in rows] == sorted(sizes)
    assert {row["path"] for row in rows if row["kept"]} == {"d", "a/deep", "b"}
    for row in rows:
        content = b"x" * sizes[str(row["path"])]
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["bytes"] == len(content)
        copy = tmp_path / "to" / "files" / str(row["path"])
        assert (copy.read_bytes() == content) if row["kept"] else not copy.exists()
        assert row.get("why") == (None if row["kept"] else "over snapshot_limit")


def test_tables_tell_their_content(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    root = tmp_path / "root"
    reads = [put(root, f"{name}.parquet", b"none") for name in ("one", "known", "broken")]
    frame.write_parquet(root / "one.parquet")
    known = Table("f" * 32, 7, {"c": "Int8"})
    rows = write(tmp_path / "to", root, reads, limit=0, tables={"known.parquet": known})
    assert [row.get("table") for row in rows] == [
        None,
        {"fingerprint": "f" * 32, "n_rows": 7, "schema": {"c": "Int8"}},
        {"fingerprint": fingerprint(frame), "n_rows": 2, "schema": {"a": "Int64", "b": "String"}},
    ]


def test_secrets_and_what_changed_are_not_copied(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(root, "proml.toml", b'registry = "postgresql://me:word@host/db"')
    put(root, ".env", b"PASSWORD=1")
    reads = [Read(".env", "opened"), Read("gone", "opened", changed=True)]
    reads.append(Read("proml.toml", "opened"))
    rows = write(tmp_path / "to", root, reads, limit=10**6, tables={})
    assert [(row["path"], row["kept"], row["why"]) for row in rows] == [
        (".env", False, "may hold secrets"),
        ("gone", False, "changed while the notebook ran"),
        ("proml.toml", False, "has an address with a password"),
    ]
    assert not any("sha256" in row for row in rows)
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        *((name, True) for name in (".env", "a/.ENV", ".env.local", "prod.env", "key.PEM")),
        *(
            (name, True)
            for name in ("id_rsa", ".ssh/config", "x/.aws/credentials", "secrets/a.csv")
        ),
        *((name, True) for name in ("my-secret.txt", ".netrc", "token.json", "passwords.csv")),
        *((name, False) for name in ("env.csv", "keys.csv", "tokenizer.json", "monkey.parquet")),
        *((name, False) for name in ("proml.toml", "features/rain.yaml", "environment.yml")),
    ],
)
def test_names_that_say_secret(path: str, said: bool) -> None:
    assert secret(path) is said
