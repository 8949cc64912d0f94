"""The registry: MLflow numbers the versions and keeps their metrics, parameters and aliases.

A version is made in this order, under a lock of the workspace: MLflow gives the number, the
bundle is moved to its place and, if the registry is a server, copied there; then the version is
marked with its manifest's digest. A version without the mark is not there for us; what a crash
left half done is mended by the next promotion.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from proml_lab.errors import GateError, RegistryError, unknown
from proml_lab.promote.permission import ASK, forbidden
from proml_lab.promote.registry import aliases
from proml_lab.promote.registry.connection import Connection
from proml_lab.promote.registry.registration import (
    MARK,
    STATUS,
    Record,
    Registration,
    number,
    search,
)
from proml_lab.promote.registry.shelf import Shelf


@dataclass(frozen=True)
class Version:
    """One registered version: `manifest` is the sha256 of its manifest.

    `status` is what its gates said: ``accepted``, ``rejected`` or ``overridden``. `number` is
    MLflow's own, another one where an artifact was imported after later ones.
    """

    name: str
    version: int
    aliases: tuple[str, ...]
    created: datetime
    manifest: str
    status: str
    number: int


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
        self.shelf = Shelf(artifacts)
        self.connection = Connection(address, self.shelf)

    @property
    def file(self) -> Path | None:
        """The SQLite file behind the address, if it is one."""
        return self.connection.file

    @property
    def is_new(self) -> bool:
        """Whether the registry's tables are still to be made, which takes seconds."""
        return self.connection.is_new

    def probe(self, *, writing: bool = False, adding: str = "") -> None:
        """A quick check, before any work is done, that the registry can be read.

        Parameters
        ----------
        writing
            Whether it is to be changed too.
        adding
            The artifact of which a version is to be put in its place here, if one is.

        Raises
        ------
        RegistryError
            It cannot be used in that way.
        """
        self.connection.probe(writing=writing or bool(adding))
        if adding and (reason := forbidden(self.artifacts / adding)):
            raise RegistryError(
                f"No version of {adding!r} can be put in its place: {reason}.", hint=f"{ASK}."
            )

    def open(self) -> None:
        """Connect, and make what is not there yet; raises RegistryError if that fails."""
        self.connection.open()

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
        steps = Registration(self.connection.client, self.shelf, self.connection.is_remote)
        call = self.connection.call
        with self.lock():
            call(lambda: steps.prepare(record.name))
            made = call(lambda: steps.create(record))
            version = int(made.version)
            try:
                yield version
                call(lambda: steps.complete(made))
            except RegistryError:  # nothing can be taken back now: it is mended next time
                raise
            except BaseException:
                with suppress(Exception):  # what cannot be taken back now is swept next time
                    call(lambda: steps.remove(made))
                raise

    @contextmanager
    def adopting(self, name: str) -> Iterator[None]:
        """A block that puts a whole bundle of `name` into its place: after it, that is registered.

        Nothing is registered if the block raises.

        Raises
        ------
        RegistryError
            The registry cannot be read or written.
        """
        steps = Registration(self.connection.client, self.shelf, self.connection.is_remote)
        with self.lock():
            yield
            self.connection.call(lambda: steps.prepare(name))

    def versions(self, name: str | None = None) -> list[Version]:
        """Complete versions of `name`, or of every name: by name, then number."""
        if self.is_new:
            return []
        client, call = self.connection.client, self.connection.call
        made = call(lambda: search(client, name))
        aliases = call(self._aliases)
        found = [
            Version(
                m.name,
                number(m),
                tuple(sorted(aliases.get((m.name, int(m.version)), ()))),
                datetime.fromtimestamp(m.creation_timestamp / 1000, UTC),
                m.tags[MARK],
                m.tags.get(STATUS, "accepted"),
                int(m.version),
            )
            for m in made
            if MARK in m.tags
        ]
        return sorted(found, key=lambda v: (v.name, v.version))

    def alias(self, name: str, alias: str, version: int) -> int | None:
        """Point `alias` at a version of `name`; the version that had it before, or None.

        Raises
        ------
        UnknownNameError
            There is no such version.
        NameNotAllowedError
            The alias cannot be given.
        GateError
            The version is rejected.
        RegistryError
            The registry cannot be read or written.
        """
        aliases.check_alias(alias)
        self._require(name, version)
        with self.lock():
            found = {v.version: v for v in self.versions(name)}
            if version not in found:
                raise unknown(f"{name!r} version", str(version), map(str, found))
            if self._status(found[version]) == "rejected":
                raise GateError(
                    f"{name}@{version} is rejected by its gates: it gets no alias.",
                    hint='promote it again with --override "reason" if it must be used.',
                )
            client, call = self.connection.client, self.connection.call
            before = call(lambda: aliases.move(client, name, alias, found[version].number))
            own = {v.number: v.version for v in found.values()}
            return own.get(before, before) if before is not None else None

    def rollback(self, name: str, alias: str) -> tuple[int, int]:
        """Point `alias` at the version that had it before: (from, to).

        Raises
        ------
        UnknownNameError
            There is no `name`, or no version of it has the alias.
        RegistryError
            No version had it before, or the registry cannot be read or written.
        """
        self._require(name)
        with self.lock():
            own = {v.number: v.version for v in self.versions(name)}
            client, call = self.connection.client, self.connection.call
            before, after = call(lambda: aliases.back(client, name, alias, own))
            return own.get(before, before), own[after]

    def _require(self, name: str, version: int | None = None) -> None:
        """Raise UnknownNameError if there is no version of `name`; opens, before any lock.

        Bundles that are here and that a registry which was lost, or is an older copy, does not
        know are registered first.
        """
        known, here = {v.version for v in self.versions(name)}, self.present(name)
        if (version in here and version not in known) or (here and not known):
            with self.adopting(name):
                pass
        elif not known:
            raise unknown("artifact", name, {v.name for v in self.versions()})

    def _status(self, version: Version) -> str:
        """What the bundle says, which nobody can change, or where it is not here the registry."""
        from proml_lab.promote.bundle import read_manifest

        place = self.place(version.name, version.version)
        return read_manifest(place).status if place.is_dir() else version.status

    def place(self, name: str, version: int) -> Path:
        """Where the bundle of a version stands."""
        return self.shelf.place(name, version)

    def present(self, name: str) -> list[int]:
        """Versions whose bundles are in place here, in order; asks no registry."""
        return self.shelf.present(name)

    def names(self) -> list[str]:
        """Names that have a bundle in place here."""
        return self.shelf.names()

    def lock(self) -> AbstractContextManager[None]:
        """One promotion registers at a time on this workspace."""
        return self.shelf.lock()

    def _aliases(self) -> dict[tuple[str, int], list[str]]:
        """(name, version) to its aliases: MLflow's search for versions leaves them out."""
        client = self.connection.client
        found: dict[tuple[str, int], list[str]] = {}
        token = None
        while True:
            page = client.search_registered_models(page_token=token)
            for model in page:
                for alias, version in model.aliases.items():
                    found.setdefault((model.name, int(version)), []).append(alias)
            token = page.token
            if not token:
                return found
