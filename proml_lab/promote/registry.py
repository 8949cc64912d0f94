"""The registry: MLflow numbers the versions and keeps their metrics, parameters and aliases.

A version is made in this order, under a lock of the workspace: MLflow gives the number, the
bundle is moved to its place, the version is marked with its manifest's digest. A version without
the mark is not there for us; what a crash left half done is mended by the next promotion.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from proml_lab.errors import ArtifactError, RegistryError
from proml_lab.promote.lock import lock
from proml_lab.promote.patience import locked, quiet

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

T = TypeVar("T")
MARK = "proml.manifest"
_PLACE = "proml.workspace"
_SQLITE = "sqlite:///"
_LAST = "proml.last"
_TRIES = 5


@dataclass(frozen=True)
class Version:
    """One registered version: `manifest` is the sha256 of its manifest."""

    name: str
    version: int
    aliases: tuple[str, ...]
    created: datetime
    manifest: str


@dataclass(frozen=True)
class Record:
    """What the registry is to know of a version beside its number."""

    name: str
    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


class Registry:
    """The registry of one workspace.

    Parameters
    ----------
    address
        What MLflow calls a tracking address: ``sqlite:////path/registry.db``, or a server's.
    artifacts
        Folder of the bundles: version 3 of ``x`` is in ``x/3``.
    """

    def __init__(self, address: str, artifacts: Path) -> None:
        self.address = address
        self.artifacts = artifacts
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

            with self.lock():
                self._client = self._call(self._connect)

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

    @contextmanager
    def reserve(self, record: Record) -> Iterator[int]:
        """The number of a new version, which exists for good once the block ends well.

        In the block the bundle must come to stand at `place`; if the block raises, the version
        is taken back.

        Raises
        ------
        RegistryError
            The registry cannot be read or written.
        """
        self.open()
        with self.lock():
            self._call(lambda: self._prepare(record.name))
            made = self._call(lambda: self._create(record))
            version = int(made.version)
            try:
                yield version
                self._call(lambda: self._complete(record.name, version, made.run_id))
            except RegistryError:  # nothing can be taken back now: it is mended next time
                raise
            except BaseException:
                with suppress(Exception):  # what cannot be taken back now is swept next time
                    self._remove(made)
                raise

    def versions(self, name: str | None = None) -> list[Version]:
        """Complete versions of `name`, or of every name: by name, then number."""
        if self.is_new:
            return []
        self.open()
        made = self._call(lambda: self._search(name))
        aliases = self._call(self._aliases)
        found = [
            Version(
                m.name,
                int(m.version),
                tuple(sorted(aliases.get((m.name, int(m.version)), ()))),
                datetime.fromtimestamp(m.creation_timestamp / 1000, UTC),
                m.tags[MARK],
            )
            for m in made
            if MARK in m.tags
        ]
        return sorted(found, key=lambda v: (v.name, v.version))

    def place(self, name: str, version: int) -> Path:
        """Where the bundle of a version stands."""
        return self.artifacts / name / str(version)

    def present(self, name: str) -> list[int]:
        """Versions whose bundles are in place here, in order; asks no registry."""
        folders = (path.parent for path in (self.artifacts / name).glob("*/manifest.json"))
        return sorted(int(folder.name) for folder in folders if folder.name.isdigit())

    def names(self) -> list[str]:
        """Names that have a bundle in place here."""
        if not self.artifacts.is_dir():
            return []
        folders = [path.name for path in self.artifacts.iterdir() if path.is_dir()]
        return sorted(name for name in folders if self.present(name))

    def lock(self) -> AbstractContextManager[None]:
        """One promotion registers at a time on this workspace."""
        return lock(self.artifacts / ".lock")

    def _create(self, record: Record) -> ModelVersion:
        """A run with what is known of the version, and the version."""
        client = self._connected
        experiment = client.get_experiment_by_name(record.name)
        location = self.artifacts / record.name
        key = (
            experiment.experiment_id
            if experiment
            else client.create_experiment(record.name, artifact_location=location.as_uri())
        )
        run = client.create_run(key, tags={**record.tags, _PLACE: str(self.artifacts)})
        for name, value in record.parameters.items():
            client.log_param(run.info.run_id, name, str(value)[:6000])
        for name, number in record.metrics.items():
            client.log_metric(run.info.run_id, name, number)
        return self._numbered(record, run.info.run_id)

    def _numbered(self, record: Record, run: str) -> ModelVersion:
        """A new version that says where its bundle will stand, which its number decides.

        MLflow gives a number once only: those of versions taken back are skipped. We keep the
        last one in a tag; where others took versions back, a second try has the right number.
        """
        client = self._connected
        tags = {**record.tags, _PLACE: str(self.artifacts)}
        version = self._next(record.name)
        for _ in range(_TRIES):
            source = (self.place(record.name, version) / "model").as_uri()
            made = client.create_model_version(record.name, source, run, tags=tags)
            if int(made.version) == version:
                return made
            self._withdraw(made)
            version = int(made.version) + 1
        raise RegistryError(
            f"No number for a version of {record.name!r} was got in {_TRIES} tries.",
            hint="others are promoting it at this moment: promote again.",
        )

    def _prepare(self, name: str) -> None:
        """Make the registered model if it is not there; mend what a crash left half done."""
        client = self._connected
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        for made in self._search(name):
            if MARK in made.tags or made.tags.get(_PLACE) != str(self.artifacts):
                continue
            if (self.place(name, int(made.version)) / "manifest.json").is_file():
                self._complete(name, int(made.version), made.run_id)
            else:
                self._remove(made)
        self._take_in(name)

    def _take_in(self, name: str) -> None:
        """Register whole bundles that stand where the next numbers will go.

        So it is when the registry was lost, or is an older copy.
        """
        last = max(self.present(name), default=0)
        while self._is_taken(name, version := self._next(name)) or version <= last:
            place = self.place(name, version)
            tags = {_PLACE: str(self.artifacts)}
            source = (place / "model").as_uri()
            made = self._connected.create_model_version(name, source, None, tags=tags)
            if int(made.version) == version and place.exists():
                self._complete(name, version, None)
            else:
                self._withdraw(made)

    def _is_taken(self, name: str, version: int) -> bool:
        """Whether the bundle of this very version is in its place; raises for anything else."""
        from proml_lab.promote.bundle import read_manifest

        place = self.place(name, version)
        if not place.exists():
            return False
        try:
            if read_manifest(place).key == f"{name}@{version}":
                return True
            reason = "it is another artifact"
        except ArtifactError as error:
            reason = error.message.rstrip(".")
        raise RegistryError(
            f"{place} is in the way of a new version of {name!r}: {reason}.",
            hint="move that folder out of the workspace, then promote again.",
        )

    def _next(self, name: str) -> int:
        """The number that the next version should get."""
        taken = [int(made.version) for made in self._search(name)]
        noted = self._connected.get_registered_model(name).tags.get(_LAST, "0")
        return max([*taken, int(noted)]) + 1

    def _complete(self, name: str, version: int, run: str | None) -> None:
        from proml_lab.promote.bundle import MANIFEST, digest

        mark = digest(self.place(name, version) / MANIFEST)
        if run:
            self._connected.set_terminated(run)
        self._connected.set_model_version_tag(name, str(version), MARK, mark)

    def _remove(self, made: ModelVersion) -> None:
        """Take back a version and its run."""
        self._withdraw(made)
        if made.run_id:
            self._connected.delete_run(made.run_id)

    def _withdraw(self, made: ModelVersion) -> None:
        self._connected.set_registered_model_tag(made.name, _LAST, str(made.version))
        self._connected.delete_model_version(made.name, str(made.version))

    def _search(self, name: str | None) -> list[ModelVersion]:
        query = f"name = '{name}'" if name else None
        found: list[ModelVersion] = []
        token = None
        while True:
            page = self._connected.search_model_versions(query, page_token=token)
            found.extend(page)
            token = page.token
            if not token:
                return found

    def _aliases(self) -> dict[tuple[str, int], list[str]]:
        """(name, version) to its aliases: MLflow's search for versions leaves them out."""
        found: dict[tuple[str, int], list[str]] = {}
        token = None
        while True:
            page = self._connected.search_registered_models(page_token=token)
            for model in page:
                for alias, version in model.aliases.items():
                    found.setdefault((model.name, int(version)), []).append(alias)
            token = page.token
            if not token:
                return found

    @property
    def _connected(self) -> MlflowClient:
        assert self._client is not None
        return self._client

    def _call(self, action: Callable[[], T]) -> T:
        """Run `action` quietly; whatever goes wrong in MLflow becomes one line of ours."""
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


def _client(address: str) -> MlflowClient:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=address, registry_uri=address)
    client.search_registered_models(max_results=1)  # the first call makes the tables
    return client
