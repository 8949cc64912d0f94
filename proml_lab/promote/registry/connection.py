"""The way to MLflow: checked before any work, opened once, and every failure one line of ours."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from proml_lab.errors import ProMLError, RegistryError
from proml_lab.promote.patience import locked, quiet
from proml_lab.promote.permission import ASK, forbidden
from proml_lab.promote.registry.shelf import Shelf
from proml_lab.statefolder import make_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")
_SQLITE = "sqlite:///"
_PROBE_S = 10.0
_PATIENCE = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}
"""How MLflow behaves unless the environment says otherwise: by itself it retries for minutes."""

_FORBIDDEN = ("readonly", "unable to open", "may not write", "Permission denied", "Read-only")
_FOREIGN = ("something else", "not a database", "malformed")


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
    def is_remote(self) -> bool:
        """Whether it is a server, which keeps the bundles too."""
        return self.address.startswith(("http://", "https://"))

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

    def probe(self, *, writing: bool = False) -> None:
        """A quick check, before any work is done, that the registry can be read, or written too.

        Raises
        ------
        RegistryError
            The file is not a registry, is locked, or cannot be written; no server answers.
        """
        if self.is_remote and (trouble := self._silence()):
            raise self.error(trouble)
        file = self.file
        if file is None:
            return
        if writing:
            if reason := forbidden(file, file.parent):
                raise self.error(reason)
            try:
                make_folder(file.parent)
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
            for name, value in _PATIENCE.items():
                os.environ.setdefault(name, value)
            import mlflow  # noqa: F401

            with self.shelf.lock() if self.is_new else nullcontext():
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
            except ProMLError:
                raise
            except Exception as error:
                if self.is_remote and (trouble := self._silence()):
                    raise self.error(trouble) from None
                raise self.error(_reason(error)) from None

    def error(self, reason: str) -> RegistryError:
        """The error for a registry that cannot be used, with what helps against `reason`."""
        where = self.file or self.address
        hint = "check 'registry' in the workspace's settings."
        if self.is_remote:
            hint = "start the MLflow server, or check 'registry' in the workspace's settings."
        if "locked" in reason:
            hint = "close what has it open, such as another promotion or 'mlflow ui'."
        elif any(words in reason for words in _FORBIDDEN):
            hint = f"{ASK}."
        elif any(words in reason for words in _FOREIGN):
            hint = (
                "check 'registry' in the workspace's settings; if it is the right file, move it "
                "away: versions whose folders are there can still be loaded."
            )
        elif "full" in reason or "disk" in reason:
            hint = "free some space on its disk."
        return RegistryError(
            f"The registry {where} cannot be used: {reason.rstrip('.')}.", hint=hint
        )

    def _silence(self) -> str:
        """Why the server does not answer; nothing if it does, whatever it says."""
        import urllib.error
        import urllib.request

        page = f"{self.address.rstrip('/')}/health"
        try:
            with urllib.request.urlopen(page, timeout=_PROBE_S):  # noqa: S310 - http, see is_remote
                return ""
        except urllib.error.HTTPError:
            return ""
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            return f"it does not answer: {getattr(reason, 'strerror', None) or reason}"

    def _connect(self) -> MlflowClient:
        """Tables are made in a file beside and moved into place whole: never a part of them."""
        file = self.file
        if file is not None and not file.exists():
            for stale in file.parent.glob(f"{file.name}.*.part*"):
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


def _reason(error: BaseException) -> str:
    """What went wrong, in a line: in SQLite's words, where SQLite said it first."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, sqlite3.Error):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    said = (isinstance(error, OSError) and error.strerror) or str(error)
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
