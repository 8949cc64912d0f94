"""The way to MLflow: checked before any work, opened once, and every failure one line of ours."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from proml_lab.errors import RegistryError
from proml_lab.promote.patience import locked, quiet
from proml_lab.promote.registry.shelf import Shelf

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")
_SQLITE = "sqlite:///"


class Connection:
    """MLflow at `address`; nothing is imported or opened before `open`."""

    def __init__(self, address: str, shelf: Shelf) -> None:
        self.address = address
        self.shelf = shelf
        self._client: MlflowClient | None = None

    @property
    def file(self) -> Path | None:
        """The SQLite file behind the address, if it is one."""
        return (
            Path(self.address.removeprefix(_SQLITE)) if self.address.startswith(_SQLITE) else None
        )

    @property
    def is_new(self) -> bool:
        """Whether the registry's tables are still to be made, which takes seconds."""
        return self.file is not None and not self.file.exists()

    @property
    def client(self) -> MlflowClient:
        """MLflow's client, opened if it is not yet."""
        self.open()
        assert self._client is not None
        return self._client

    def probe(self) -> None:
        """A quick check, before any work is done, that an SQLite registry can be written.

        Raises
        ------
        RegistryError
            The file is not a registry, is locked, or cannot be written.
        """
        file = self.file
        if file is None:
            return
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self.error(f"its folder cannot be made: {error.strerror}") from None
        if not file.exists():
            return
        try:
            connection = sqlite3.connect(file, timeout=2.0, isolation_level=None)
            try:
                connection.execute("BEGIN IMMEDIATE")
                tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
                connection.execute("ROLLBACK")
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise self.error(str(error)) from None
        if tables and "alembic_version" not in tables:
            raise self.error("it is a database of something else")

    def open(self) -> None:
        """Import MLflow, connect, and make the tables where there are none.

        Raises
        ------
        RegistryError
            The registry cannot be made or read.
        """
        if self._client is None:
            os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
            import mlflow  # noqa: F401

            with self.shelf.lock():
                self._client = self.call(self._connect)

    def call(self, action: Callable[[], T]) -> T:
        """Run `action` quietly; whatever goes wrong in MLflow becomes one line of ours.

        Raises
        ------
        RegistryError
        """
        if self.file is not None and (reason := locked(self.file)):
            raise self.error(reason)
        with quiet():
            try:
                return action()
            except RegistryError:
                raise
            except Exception as error:
                said = (isinstance(error, OSError) and error.strerror) or str(error)
                lines = [line for line in said.splitlines() if line.strip()]
                reason = lines[0] if lines else type(error).__name__
                raise self.error(reason.removeprefix("(sqlite3.OperationalError) ")) from error

    def error(self, reason: str) -> RegistryError:
        """The error for a registry that cannot be used, with what helps against `reason`."""
        where = self.file or self.address
        hint = "check 'registry' in the workspace's settings, or move that file away."
        if "locked" in reason:
            hint = "close what has it open, such as another promotion or 'mlflow ui'."
        elif "full" in reason or "disk" in reason:
            hint = "free some space on its disk; nothing was registered."
        return RegistryError(
            f"The registry {where} cannot be used: {reason.rstrip('.')}.", hint=hint
        )

    def _connect(self) -> MlflowClient:
        """Tables are made in a file beside and moved into place whole: never a part of them."""
        file = self.file
        if file is not None and not file.exists():
            for stale in file.parent.glob(f"{file.name}.*.part"):
                stale.unlink()
            made = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
            try:
                _client(_SQLITE + str(made))
                whole = file.with_name(f"{made.stem}-whole.part")
                shutil.copyfile(made, whole)
                whole.replace(file)
            finally:
                for part in file.parent.glob(f"{made.stem}*"):
                    with suppress(OSError):  # still open, where that keeps a file from going
                        part.unlink()
        return _client(self.address)


def _client(address: str) -> MlflowClient:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=address, registry_uri=address)
    client.search_registered_models(max_results=1)  # the first call makes the tables
    return client
