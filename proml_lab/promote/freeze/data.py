"""The data of a run: what each source was, and every file that was read. docs/formats.md#data."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.contracts import Origin
from proml_lab.promote import bundle
from proml_lab.promote.freeze import rows, snapshot
from proml_lab.promote.freeze.reads import Reads
from proml_lab.promote.freeze.snapshot import FILES
from proml_lab.promote.freeze.table import Table

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

INDEX = "index.json"
OWN = frozenset(
    (
        *("registry", "signing_key", "trusted_keys", "sign_with", "sigstore", "trusted_identities"),
        *("memory", "owners", "search"),
    )
)
"""Settings that stay at home: an artifact never says where to register, whom to trust, who works
there, what machine it was made on, or where that has a model of words."""


def write(
    folder: Path,
    workspace: Workspace,
    reads: Reads,
    *,
    origins: Iterable[Origin],
    cutoff: str | None,
    held: Path,
) -> None:
    """Write ``<view>.json`` for each of `origins`, ``index.json``, ``files/`` and ``rows/``.

    `cutoff` is the spine's column of moments; it is told of sources that were joined by it. `held`
    is where the run kept rows, see `freeze.rows`. Files, then rows, are copied up to the
    workspace's `snapshot_limit`; of the others, and of what may hold secrets, the index tells what
    is needed to find them again. Modules that lie in ``code/`` beside `folder` are left out.
    """
    folder.mkdir()
    taken = {INDEX.removesuffix(".json"): 1}
    tables: dict[str, Table] = {}
    for origin in origins:
        taken[origin.view] = count = taken.get(origin.view, 0) + 1
        stem = origin.view if count == 1 else f"{origin.view}-{count}"
        entry = {
            "view": origin.view,
            "source": origin.source,
            "fingerprint": origin.fingerprint,
            "n_rows": origin.n_rows,
            "columns": list(origin.columns),
            "query": origin.query,
            "cutoff": cutoff if origin.until else None,
            "until": origin.until,
            "schema": dict(origin.types),
            "version": origin.version,
            "meaning": origin.meaning,
            "features": dict(origin.features),
            "n_seen": origin.n_seen,
            "seen": origin.seen,
        }
        bundle.write_json(folder / f"{stem.replace('/', '_')}.json", entry)
        if origin.types:
            tables[origin.source] = Table(origin.fingerprint, origin.n_rows, origin.types)
    limit = workspace.snapshot_limit
    modules = folder.parent / "code" / FILES
    read = [file for file in reads.files if not (modules / file.path).is_file()]
    files = snapshot.write(folder, workspace.root, read, limit=limit, tables=tables)
    n_bytes = sum(file.stat().st_size for file in (folder / FILES).rglob("*") if file.is_file())
    index = {
        "format": 1,
        "limit": limit,
        "settings": workspace.config.model_dump(mode="json", exclude=set(OWN)),
        "files": files,
        "rows": rows.write(folder, held, limit=limit - n_bytes),
        "outside": [{"place": place, "suffix": suffix} for place, suffix in reads.outside],
    }
    bundle.write_json(folder / INDEX, index)
