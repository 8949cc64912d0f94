"""What two artifacts are compared by: each aspect as names and values."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
import yaml

from proml_lab.promote import bundle
from proml_lab.promote.artifact import Artifact
from proml_lab.promote.freeze.data import INDEX


@dataclass(frozen=True)
class Aspects:
    """What is compared of an artifact.

    `before_code` and `after_code` are aspects, each a name to its names and values, in the order in
    which they are told; `cells` are the sources of the code cells between them.
    """

    before_code: Mapping[str, Mapping[str, object]]
    cells: list[str]
    after_code: Mapping[str, Mapping[str, object]]


def read(artifact: Artifact) -> Aspects:
    """What the files of an artifact say.

    Raises
    ------
    ArtifactError
        One is missing, or not as it should be.
    """
    with bundle.readable(artifact.path):
        return Aspects(
            {
                "parameter": artifact.parameters,
                "verdict": verdicts(artifact),
                "spec": spec(artifact),
            },
            cells(artifact),
            {
                "data": data(artifact),
                "schema": schema(artifact),
                "environment": environment(artifact),
                "metric": figures(artifact),
                "explanation": ranks(artifact),
            },
        )


def verdicts(artifact: Artifact) -> dict[str, object]:
    """Its status, the verdict on each gate, and why it was overridden."""
    manifest = artifact.manifest
    found: dict[str, object] = {"status": manifest.status}
    for gate in manifest.gates:
        beside = f", beside {gate.against}" if gate.against else ""
        found[f"gate {gate.gate} {gate.limit}"] = f"{gate.verdict}{beside}"
    return found | ({"override": manifest.override.reason} if manifest.override else {})


def spec(artifact: Artifact) -> dict[str, object]:
    """Each field of its spec, such as ``learner.trees.num_leaves``."""
    return dict(_flat("", yaml.safe_load(_text(artifact, "spec.proml.yaml"))))


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    """Fields within fields by their path; a list of plain values is one value."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}".lstrip("."), inner)
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for one in value:  # such as features: a view and its columns each
            yield from _flat(name, one if isinstance(one, Mapping) else {str(one): "all"})
    else:
        yield name, ", ".join(map(str, value)) if isinstance(value, list) else value


def cells(artifact: Artifact) -> list[str]:
    node = json.loads(_text(artifact, "notebook/source.ipynb"))
    return ["".join(c["source"]) for c in node["cells"] if c["cell_type"] == "code"]


def data(artifact: Artifact) -> dict[str, object]:
    """Each source with its columns' types, then the other files that the notebook read."""
    found: dict[str, object] = {}
    for entry in artifact.manifest.inputs:
        found[entry.view] = f"{entry.n_rows:,} rows, {entry.fingerprint}"
    sources, files = set(), []
    for path in sorted((artifact.path / "data").glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        if path.name == INDEX:
            files = told["files"]
            continue
        sources.add(told["source"])
        if told.get("until"):
            found[f"{told['view']}, joined until"] = told["until"]
        for column, kind in told.get("schema", {}).items():
            found[f"{told['view']}, column {column}"] = kind
    for row in files:
        if row["path"] not in sources:
            table = row.get("table", {}).get("fingerprint")
            found[f"file {row['path']}"] = table or row.get("sha256") or row.get("why", "")
    return {**found, "training rows": artifact.manifest.model["data"]}


def environment(artifact: Artifact) -> dict[str, object]:
    """Facts of the machine, threads by library, and each package's version.

    A lock names the files of the packages where they are known, such as of a fresh environment.
    """
    ground: dict[str, object] = json.loads(_text(artifact, "environment/platform.json"))
    found: dict[str, object] = {}
    for name, value in ground.items():
        if name == "threads" and isinstance(value, list):
            for row in value:
                library = " ".join(filter(None, [row["library"], row["version"]]))
                found[f"threads of {library}"] = row["threads"]
        else:
            found[name] = " ".join(map(str, value)) if isinstance(value, list) else value
    lock = tomllib.loads(_text(artifact, "environment/pylock.toml"))
    packages = lock["packages"]
    known = sum("version" in p and bool({"wheels", "sdist"} & p.keys()) for p in packages)
    found["packages whose files are known"] = f"{known} of {len(packages)}"
    return {**found, **{p["name"]: p.get("version", "") for p in packages}}


def figures(artifact: Artifact) -> dict[str, object]:
    return {
        " ".join(filter(None, [row["metric"], row["group"]])): row["value"]
        for row in artifact.metrics.to_dicts()
    }


def overall(artifact: Artifact) -> list[str]:
    return artifact.metrics.filter(pl.col("group").is_null())["metric"].to_list()


def schema(artifact: Artifact) -> dict[str, object]:
    """Column to type of what the model reads."""
    inputs: dict[str, object] = json.loads(_text(artifact, "model/model.json"))["inputs"]
    return inputs


def ranks(artifact: Artifact) -> dict[str, object]:
    """Feature to its place among those that move predictions most, if that was declared."""
    for name, kind in sorted(artifact.manifest.reports.items()):
        if kind == "Explanation":
            rows = json.loads(_text(artifact, f"reports/{name}.json"))
            return {row["feature"]: f"rank {i}" for i, row in enumerate(rows, start=1)}
    return {}


def digests(artifact: Artifact) -> dict[str, object]:
    volatile = artifact.manifest.volatile
    files = artifact.manifest.files.items()
    return {name: entry.sha256 for name, entry in files if name not in volatile}


def _text(artifact: Artifact, name: str) -> str:
    return (artifact.path / name).read_text(encoding="utf-8")
