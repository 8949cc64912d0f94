"""How a version comes to be: numbered, marked once its bundle is in place, mended after a crash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from proml_lab.errors import RegistryError
from proml_lab.promote.bundle import MANIFEST, digest, read_manifest
from proml_lab.promote.registry.shelf import Shelf

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

MARK = "proml.manifest"
STATUS = "proml.status"
NUMBER = "proml.version"
"""Of an artifact whose own number MLflow can give no more: that number."""
_PLACE = "proml.workspace"
_LAST = "proml.last"
_TRIES = 5


@dataclass(frozen=True)
class Record:
    """What the registry is to know of a version beside its number."""

    name: str
    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Registration:
    """The steps of registering, for bundles on `shelf`; the caller holds the shelf's lock.

    A remote registry keeps a copy of each bundle among the artifacts of the version's run.
    """

    client: MlflowClient
    shelf: Shelf
    is_remote: bool = False

    def prepare(self, name: str) -> None:
        """Make the registered model if it is not there; mend what a crash left half done."""
        if not self.client.search_registered_models(f"name = '{name}'"):
            _unless_there(lambda: self.client.create_registered_model(name))
        for made in search(self.client, name):
            if MARK in made.tags or made.tags.get(_PLACE) != str(self.shelf.folder):
                continue
            if (self.shelf.place(name, number(made)) / MANIFEST).is_file():
                self.complete(made)
            else:
                self.remove(made)
        self._sweep(name)
        self._take_in(name)
        self._take_in_late(name)

    def create(self, record: Record) -> ModelVersion:
        """A run with what is known of the version, and the version."""
        run = self._run(record.name, record.tags)
        for name, value in record.parameters.items():
            self.client.log_param(run, name, str(value)[:6000])
        for name, number in record.metrics.items():
            self.client.log_metric(run, name, number)
        if self.is_remote:
            return self._version(record.name, f"runs:/{run}/model", run, record.tags)
        return self._numbered(record, run)

    def complete(self, made: ModelVersion) -> None:
        """Mark a version whose bundle is in its place: from now on it is there."""
        place = self.shelf.place(made.name, number(made))
        mark = digest(place / MANIFEST)
        if made.run_id:
            if self.is_remote:
                self.client.log_artifacts(made.run_id, str(place))
            self.client.set_terminated(made.run_id)
        self.client.set_model_version_tag(made.name, str(made.version), MARK, mark)

    def remove(self, made: ModelVersion) -> None:
        """Take back a version and its run."""
        self._withdraw(made)
        if made.run_id:
            self.client.delete_run(made.run_id)

    def _numbered(self, record: Record, run: str) -> ModelVersion:
        """A new version that says where its bundle will stand, which its number decides.

        MLflow gives a number once only: those of versions taken back are skipped. We keep the
        last one in a tag; where others took versions back, a second try has the right number.
        """
        version = self._next(record.name)
        for _ in range(_TRIES):
            source = (self.shelf.place(record.name, version) / "model").as_uri()
            made = self._version(record.name, source, run, record.tags)
            if int(made.version) == version:
                return made
            self._withdraw(made)
            version = int(made.version) + 1
        raise RegistryError(
            f"No number for a version of {record.name!r} was got in {_TRIES} tries.",
            hint="others are promoting it at this moment: promote again.",
        )

    def _sweep(self, name: str) -> None:
        """Delete the runs that a crash left without a version: nobody else is at work here."""
        experiment = self.client.get_experiment_by_name(name)
        if experiment is None:
            return
        mine = f"attributes.status = 'RUNNING' AND tags.`{_PLACE}` = '{self.shelf.folder}'"
        for run in self.client.search_runs([experiment.experiment_id], mine):
            self.client.delete_run(run.info.run_id)

    def _take_in(self, name: str) -> None:
        """Register whole bundles that stand where the next numbers will go.

        So it is when the registry was lost, or is an older copy.
        """
        last = max(self.shelf.present(name), default=0)
        while self.shelf.holds(name, version := self._next(name)) or version <= last:
            made = self._bare(name, version)
            if int(made.version) == version and self.shelf.place(name, version).exists():
                self.complete(made)
            else:
                self.remove(made)

    def _take_in_late(self, name: str) -> None:
        """Register whole bundles whose numbers are below the last one: those that were imported.

        MLflow gives no number that is passed: it gets the next one, and its own in a tag.
        """
        known = {number(made) for made in search(self.client, name) if MARK in made.tags}
        for version in self.shelf.present(name):
            if version not in known and self.shelf.is_own(name, version):
                self.complete(self._bare(name, version, {NUMBER: str(version)}))

    def _bare(
        self, name: str, version: int, more: Mapping[str, str] = MappingProxyType({})
    ) -> ModelVersion:
        """A new version of which only its bundle is known, if that is there."""
        place = self.shelf.place(name, version)
        status = read_manifest(place).status if place.is_dir() else "accepted"
        tags = {STATUS: status, **more}
        run = self._run(name, tags) if self.is_remote else None
        return self._version(
            name, f"runs:/{run}/model" if run else (place / "model").as_uri(), run, tags
        )

    def _run(self, name: str, tags: Mapping[str, str]) -> str:
        """A new run of the experiment `name`, which is made."""
        client = self.client
        if client.get_experiment_by_name(name) is None:
            location = None if self.is_remote else (self.shelf.folder / name).as_uri()
            _unless_there(lambda: client.create_experiment(name, artifact_location=location))
        found = client.get_experiment_by_name(name)
        if found is None:
            raise RegistryError(
                f"The experiment {name!r} is not there, though it was just made.",
                hint="restore it if it was deleted in MLflow, or give another name.",
            )
        tags = {**tags, _PLACE: str(self.shelf.folder)}
        made = client.create_run(found.experiment_id, tags=tags)
        return str(made.info.run_id)

    def _version(
        self, name: str, source: str, run: str | None, tags: Mapping[str, str]
    ) -> ModelVersion:
        """What MLflow calls a version; it is none for us before it is marked."""
        placed = {**tags, _PLACE: str(self.shelf.folder)}
        return self.client.create_model_version(name, source, run, tags=placed)

    def _next(self, name: str) -> int:
        """The number that the next version should get."""
        taken = [int(made.version) for made in search(self.client, name)]
        noted = self.client.get_registered_model(name).tags.get(_LAST, "0")
        return max([*taken, int(noted)]) + 1

    def _withdraw(self, made: ModelVersion) -> None:
        self.client.set_registered_model_tag(made.name, _LAST, str(made.version))
        self.client.delete_model_version(made.name, str(made.version))


def _unless_there(make: Callable[[], object]) -> None:
    """Make what another workspace may be making at this very moment: then that one will do."""
    from mlflow.exceptions import MlflowException

    try:
        make()
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def number(made: ModelVersion) -> int:
    """The number that an artifact goes by: mostly MLflow's own."""
    return int(made.tags.get(NUMBER, made.version))


def search(client: MlflowClient, name: str | None) -> list[ModelVersion]:
    """Every version of `name`, or of every name; MLflow leaves their aliases out."""
    query = f"name = '{name}'" if name else None
    found: list[ModelVersion] = []
    token = None
    while True:
        page = client.search_model_versions(query, page_token=token)
        found.extend(page)
        token = page.token
        if not token:
            return found
