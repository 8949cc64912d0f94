"""The crate against the profile's own rules, read by a reader that knows nothing of the writer."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from rocrate.rocrate import ROCrate

from proml_lab.promote import bundle
from proml_lab.promote.trust import crate
from tests.promote.conftest import Promoted
from tests.promote.trust.conftest import VALUES

Graph = dict[str, dict[str, Any]]
WORKFLOW = {"File", "SoftwareSourceCode", "ComputationalWorkflow"}


def graph_of(folder: Path) -> Graph:
    data = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    graph = {entity["@id"]: entity for entity in data["@graph"]}
    assert len(graph) == len(data["@graph"]), "an @id stands twice"
    return graph


def ids(value: Any) -> list[str]:
    """What a property links to."""
    many = value if isinstance(value, list) else [value]
    return [one["@id"] for one in many if isinstance(one, dict)]


def types(entity: dict[str, Any]) -> set[str]:
    kind = entity["@type"]
    return {kind} if isinstance(kind, str) else set(kind)


def check(folder: Path) -> Graph:
    """Every MUST of RO-Crate 1.1, Process Run and Workflow Run Crate 0.5, Workflow RO-Crate 1.0."""
    graph = graph_of(folder)
    head, root = graph["ro-crate-metadata.json"], graph["./"]
    assert types(head) == {"CreativeWork"}
    assert ids(head["about"]) == ["./"]
    assert "https://w3id.org/ro/crate/1.1" in ids(head["conformsTo"])
    assert "Dataset" in types(root)
    assert all(root[name] for name in ("name", "description", "datePublished", "license"))
    for profile in ("process", "workflow"):
        (url,) = [i for i in ids(root["conformsTo"]) if f"/ro/wfrun/{profile}/" in i]
        assert types(graph[url]) == {"CreativeWork"}
    main = graph[ids(root["mainEntity"])[0]]
    assert types(main) >= WORKFLOW
    assert graph[ids(main["programmingLanguage"])[0]]["name"] == "Python"
    for slot in ids(main.get("input", [])) + ids(main.get("output", [])):
        assert "FormalParameter" in types(graph[slot])
        assert graph[slot]["additionalType"]
        example = graph[ids(graph[slot]["workExample"])[0]]
        assert types(example) & {"File", "Dataset", "Collection", "PropertyValue"}
        assert ids(example["exampleOfWork"]) == [slot]
    runs = [e for e in graph.values() if "CreateAction" in types(e)]
    assert any(ids(run["instrument"]) == [main["@id"]] for run in runs)
    assert {run["@id"] for run in runs} <= set(ids(root["mentions"]))
    for run in runs:
        assert "endTime" in run
        for link in ids(run["object"]) + ids(run["result"]):
            assert types(graph[link]) & {"File", "Dataset", "PropertyValue"}
    links_lead_somewhere(graph)
    reachable = parts(graph, "./")
    for entity in graph.values():
        if types(entity) & {"File"}:
            assert entity["@id"] in reachable
            assert (folder / unquote(entity["@id"])).is_file()
    return graph


def links_lead_somewhere(graph: Graph) -> None:
    for entity in graph.values():
        for name, value in entity.items():
            for link in ids(value):
                assert link in graph or link.startswith("https://"), (entity["@id"], name, link)


def parts(graph: Graph, start: str) -> set[str]:
    found = set(ids(graph[start].get("hasPart", [])))
    return found.union(*(parts(graph, one) for one in found if one in graph))


def test_the_crate_keeps_every_rule_and_has_every_file(made: Path) -> None:
    folder = made / ".proml" / "artifacts" / "shop" / "1"
    graph = check(folder)
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    listed = {unquote(e["@id"]) for e in graph.values() if "File" in types(e)}
    assert listed == there - {"ro-crate-metadata.json"}


def test_the_crate_of_a_promotion_keeps_every_rule(promoted: Promoted) -> None:
    folder = promoted.artifacts[2].path
    graph = check(folder)
    for name in {unquote(e["@id"]) for e in graph.values() if "File" in types(e)}:
        if name not in ("manifest.json", "signature"):
            entity = graph[quote(name)]
            assert entity["contentSize"] == str((folder / name).stat().st_size)
            assert entity["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert graph["#value-depth"]["value"] == 3
    assert graph["#run"]["name"] == "Promotion of work/visits.ipynb to visits@3"
    assert "data/shop.visits.json" in ids(graph["#run"]["object"])
    assert graph["./"]["description"] == "Who comes late."


def test_parameters_and_results_are_told(made: Path) -> None:
    graph = graph_of(made / ".proml" / "artifacts" / "shop" / "1")
    kinds = {name: graph[f"#parameter-{name}"]["additionalType"] for name in VALUES}
    assert kinds == {
        "depth": "Integer",
        "rate": "Float",
        "deep": "Boolean",
        "who": "Text",
        "days": "PropertyValue",
        "none": "PropertyValue",
    }
    values = {name: graph[f"#value-{name}"]["value"] for name in VALUES}
    assert values == {**VALUES, "days": "[1, 2]", "none": "null"}
    assert ids(graph["#run"]["result"])[:2] == ["model/", "notebook/executed.ipynb"]
    assert graph["reports/a%20picture.svg"]["encodingFormat"] == "image/svg+xml"
    assert graph["model/MLmodel"]["encodingFormat"] == "application/yaml"
    assert graph["model/.hidden"]["encodingFormat"] == "application/octet-stream"
    assert graph["environment/pylock.toml"]["contentSize"] == "21"


def test_no_person_and_no_licence_is_invented(made: Path) -> None:
    graph = graph_of(made / ".proml" / "artifacts" / "shop" / "1")
    assert not any({"Person", "Organization"} & types(entity) for entity in graph.values())
    assert ids(graph["./"]["license"]) == ["#licence"]
    assert graph["#licence"]["description"].startswith("No licence is given.")
    assert "agent" not in graph["#run"]


def test_the_same_artifact_gives_the_same_crate(made: Path) -> None:
    folder = made / ".proml" / "artifacts" / "shop" / "1"
    manifest = bundle.read_manifest(folder)
    late = {"signature", "ro-crate-metadata.json"}
    files = {name: entry for name, entry in bundle.index(folder).items() if name not in late}
    for order in (files, dict(reversed(files.items()))):
        graph = crate.describe(manifest, order, description="Who comes late.")
        text = (folder / "ro-crate-metadata.json").read_text(encoding="utf-8")
        assert bundle.json_text(graph) == text


@pytest.mark.filterwarnings("ignore")
def test_the_reference_library_reads_it(made: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(made / ".proml" / "artifacts" / "shop" / "1", tmp_path / "copy")
    read = ROCrate(copy)
    assert read.mainEntity.id == "notebook/source.ipynb"
    run = read.root_dataset["mentions"]
    assert run["instrument"] == read.mainEntity
    depth = next(one for one in run["object"] if one["name"] == "depth")
    assert depth["value"] == VALUES["depth"]
    assert {part.id for part in read.root_dataset["hasPart"]} >= {"model/", "signature"}
