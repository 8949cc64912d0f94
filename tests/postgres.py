"""A PostgreSQL server of our own: Debian's, on a socket in a folder that goes with the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy

from tests.promote.stranger import open_folder

_NOBODY = 65_534


def fill(address: str, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Make `table` of rain on the server and fill it; one of that name goes."""
    engine = sqlalchemy.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
        connection.exec_driver_sql(
            f"CREATE TABLE {table} (id text, time timestamptz, rain float8, unused int8)"
        )
        sql = f"INSERT INTO {table} VALUES (%s, %s, %s, %s)"
        connection.exec_driver_sql(sql, list(rows))
    engine.dispose()


@contextmanager
def running() -> Iterator[str]:
    """Its address, ``postgresql://ann@/shop?host=…``; ann owns the database and needs no password.

    ``bob`` has the password ``hush``.
    """
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}

    def run(name: str, *words: str) -> None:
        command = [str(binaries / name), *words]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **user)
        assert done.returncode == 0, done.stdout + done.stderr

    with open_folder() as folder:
        if user:
            shutil.chown(folder, _NOBODY, _NOBODY)
        data, log = str(folder / "data"), str(folder / "log")
        run(
            "initdb",
            "-D",
            data,
            "-U",
            "ann",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        )
        rules = folder / "data" / "pg_hba.conf"
        rules.write_text("local all bob scram-sha-256\nlocal all all trust\n")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c timezone=Asia/Tokyo"
        run("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            place = ("-h", str(folder), "-U", "ann")
            run("createdb", *place, "shop")
            run("psql", *place, "-d", "shop", "-c", "CREATE ROLE bob LOGIN PASSWORD 'hush'")
            yield f"postgresql://ann@/shop?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
