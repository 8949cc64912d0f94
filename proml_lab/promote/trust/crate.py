"""``ro-crate-metadata.json``: where an artifact came from, for tools that know nothing of us.

The artifact is a Workflow Run RO-Crate 0.5: the notebook is the workflow, the promotion its run.
What is not known, such as who made it, is left out. The format: docs/formats.md#crate.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from urllib.parse import quote

from proml_lab.contracts import Json
from proml_lab.promote import bundle
from proml_lab.promote.bundle import CRATE, PUBLIC, SIGNATURE, FileEntry, Manifest

LICENCE = "No licence is given. Ask whoever gave you this artifact what you may do with it."
_SOURCE = "notebook/source.ipynb"
_LOCK = "environment/pylock.toml"
_MODEL = "model/"
_RUN = "#run"
_LICENCE = "#licence"
_PYTHON = "https://www.python.org/"
_PROML = "#proml-lab"
_CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]
_BASE = "https://w3id.org/ro/crate/1.1"
_WORKFLOW = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    _WORKFLOW: ("Workflow RO-Crate", "1.0"),
}
_FORMATS = {
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pub": "application/x-pem-file",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
}
_NAMES = {
    _SOURCE: "The notebook as it was given",
    bundle.EXECUTED: "The notebook as it ran, with its outputs",
    bundle.REPORT: "The report: a page that needs no server",
    bundle.CARD: "The card: what the model predicts, how well, and its limits",
    bundle.METRICS: "Metrics of the model on held-out rows",
    bundle.MANIFEST: "What this artifact is, and the sha256 of every file",
    _LOCK: "Every package with its exact version",
    PUBLIC: "The public key that the signature is checked with",
    SIGNATURE: "OpenSSF model signature of every file",
}
Entity = dict[str, Json]


def describe(
    manifest: Manifest, files: Mapping[str, FileEntry], *, description: str
) -> dict[str, object]:
    """The crate of an artifact, as JSON: the same artifact gives the same text.

    Parameters
    ----------
    manifest
        What the artifact is; its own `files` are not looked at.
    files
        Path to size of every file but the manifest, the signature and the crate.
    description
        What the model predicts, in words.
    """
    paths = [*sorted(files), bundle.MANIFEST, SIGNATURE]
    graph: list[Json] = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": _links(_BASE, _WORKFLOW),
        },
        _root(manifest, paths, description),
        *_profiles(),
        _licence(),
        {**_workflow(manifest), **_measured(_SOURCE, files)},
        _run(manifest, paths),
        *_software(),
        *_parameters(manifest),
        *_data(paths, files),
    ]
    return {"@context": [*_CONTEXT], "@graph": graph}


def _profiles() -> Iterator[Entity]:
    for url, (name, version) in _PROFILES.items():
        yield {"@id": url, "@type": "CreativeWork", "name": name, "version": version}


def _licence() -> Entity:
    return {
        "@id": _LICENCE,
        "@type": "CreativeWork",
        "name": "No licence is given",
        "description": LICENCE,
    }


def _root(manifest: Manifest, paths: list[str], description: str) -> Entity:
    loose = [path for path in paths if not path.startswith(_MODEL)]
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": manifest.key,
        "description": description,
        "datePublished": manifest.created,
        "license": {"@id": _LICENCE},
        "version": str(manifest.version),
        "conformsTo": _links(*_PROFILES),
        "mainEntity": {"@id": _SOURCE},
        "mentions": {"@id": _RUN},
        "hasPart": _links(_MODEL, *map(_id, loose)),
    }


def _workflow(manifest: Manifest) -> Entity:
    """The notebook, with a slot for each parameter and one for the model."""
    return {
        "@id": _SOURCE,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": manifest.notebook,
        "description": _NAMES[_SOURCE],
        "version": str(manifest.version),
        "encodingFormat": _FORMATS[".ipynb"],
        "programmingLanguage": {"@id": _PYTHON},
        "softwareRequirements": _links(_PROML, _LOCK),
        "input": [{"@id": _slot(name)} for name in sorted(manifest.parameters)],
        "output": {"@id": "#output-model"},
    }


def _run(manifest: Manifest, paths: list[str]) -> Entity:
    """The promotion: with which values, from which data, to which results."""
    values = [_value(name) for name in sorted(manifest.parameters)]
    data = [_id(path) for path in paths if path.startswith("data/")]
    made = [path for path in paths if path.startswith("reports/")]
    return {
        "@id": _RUN,
        "@type": "CreateAction",
        "name": f"Promotion of {manifest.notebook} to {manifest.key}",
        "description": "The notebook ran from top to bottom in a fresh kernel.",
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "endTime": manifest.created,
        "instrument": {"@id": _SOURCE},
        "object": _links(*values, *data),
        "result": _links(_MODEL, bundle.EXECUTED, bundle.REPORT, *map(_id, made)),
    }


def _software() -> Iterator[Entity]:
    import platform

    from proml_lab import __version__

    yield {
        "@id": _PYTHON,
        "@type": ["ComputerLanguage", "SoftwareApplication"],
        "name": "Python",
        "url": _PYTHON,
        "softwareVersion": platform.python_version(),
    }
    yield {
        "@id": _PROML,
        "@type": "SoftwareApplication",
        "name": "proml_lab",
        "softwareVersion": __version__,
    }


def _parameters(manifest: Manifest) -> Iterator[Entity]:
    """A slot and a value for each parameter of the notebook, and the slot of the model."""
    for name, value in sorted(manifest.parameters.items()):
        plain = isinstance(value, str | int | float | bool)
        yield {
            "@id": _slot(name),
            "@type": "FormalParameter",
            "name": name,
            "additionalType": _kind(value),
            "workExample": {"@id": _value(name)},
        }
        yield {
            "@id": _value(name),
            "@type": "PropertyValue",
            "name": name,
            "value": value if plain else json.dumps(value, ensure_ascii=False),
            "exampleOfWork": {"@id": _slot(name)},
        }
    yield {
        "@id": "#output-model",
        "@type": "FormalParameter",
        "name": "model",
        "additionalType": "Dataset",
        "workExample": {"@id": _MODEL},
    }


def _data(paths: list[str], files: Mapping[str, FileEntry]) -> Iterator[Entity]:
    """Every file, and the folder of the model."""
    yield {
        "@id": _MODEL,
        "@type": "Dataset",
        "name": "The model: mlflow.pyfunc.load_model reads this folder",
        "exampleOfWork": {"@id": "#output-model"},
        "hasPart": _links(*(_id(path) for path in paths if path.startswith(_MODEL))),
    }
    for path in paths:
        if path != _SOURCE:
            yield {
                "@id": _id(path),
                "@type": "File",
                "name": _NAMES.get(path, path),
                "encodingFormat": _format(path),
                **_measured(path, files),
            }


def _measured(path: str, files: Mapping[str, FileEntry]) -> Entity:
    """Size and digest of a file; nothing for those that are written after the crate."""
    if path not in files:
        return {}
    return {"contentSize": str(files[path].bytes), "sha256": files[path].sha256}


def _format(path: str) -> str:
    if path == SIGNATURE:
        return "application/vnd.dev.sigstore.bundle.v0.3+json"
    if path == "model/MLmodel":
        return _FORMATS[".yaml"]
    return _FORMATS.get(PurePosixPath(path).suffix, "application/octet-stream")


def _kind(value: object) -> str:
    """The type of schema.org for a parameter's value."""
    match value:
        case bool():
            return "Boolean"
        case int():
            return "Integer"
        case float():
            return "Float"
        case str():
            return "Text"
    return "PropertyValue"


def _slot(name: str) -> str:
    return f"#parameter-{quote(name)}"


def _value(name: str) -> str:
    return f"#value-{quote(name)}"


def _id(path: str) -> str:
    return quote(path)


def _links(*ids: str) -> list[Json]:
    return [{"@id": one} for one in ids]
