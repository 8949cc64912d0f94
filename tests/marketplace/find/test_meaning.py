"""Search by meaning with a small real model, against cosines in plain Python."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from proml_lab.errors import SourceError, SpecError
from proml_lab.marketplace.find import meaning as module
from proml_lab.marketplace.find import opened, wordvectors
from proml_lab.marketplace.find.index import FORMULA, NAME, TAG, TEXT, VIEW
from proml_lab.marketplace.find.meaning import LEAST, NEAREST, MeaningWarning, open_meaning
from proml_lab.marketplace.find.words import words
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.widgets.questions import answer

GOLDEN = Path(__file__).parent / "golden" / "words.vec"
FLIGHTS = """view: carrier.history
source: flights.parquet
entities: [carrier]
event_time: landed
known_at: landed
owner: ops
features:
  arr_delay: {type: float, description: Arrival delay in minutes.}
  share_late: {type: float, description: Share of flights that are late., tags: [quality]}
  late_flights: {type: integer, description: Flights that came late.}
  cancelled: {type: boolean}
"""
WEATHER = """view: weather.hourly
source: weather.parquet
entities: [origin]
event_time: hour
owner: weather
features:
  wind_speed: {type: float, unit: mph, description: Speed of the wind.}
  precip: {type: float, description: Rain of the hour.}
  pressure: {type: float, description: Air pressure.}
"""


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    """As in a new process."""
    forget()
    yield
    forget()


def forget() -> None:
    opened._HELD.clear()
    module._meaning.cache_clear()
    module._tell.cache_clear()
    wordvectors._model.cache_clear()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "flights.yaml").write_text(FLIGHTS)
    (tmp_path / "features" / "weather.yaml").write_text(WEATHER)
    (tmp_path / "proml.toml").write_text('[search]\nmodel = "words.vec"\n')
    shutil.copy(GOLDEN, tmp_path / "words.vec")
    return open_workspace(tmp_path)


def found(workspace: Workspace, text: str, **kept: str) -> dict[str, bool]:
    frame = workspace.search(text, **kept).frame()  # type: ignore[arg-type]
    return dict(frame.select("feature", "by_meaning").rows())


def oracle(workspace: Workspace, text: str) -> dict[str, float]:
    """The cosine of every feature with the text, from the file and the views themselves."""
    unit: dict[str, list[float]] = {}
    for line in GOLDEN.read_text().splitlines()[1:]:
        word, *said = line.split()
        unit[word] = scaled([float(x) for x in said])
    centre = [sum(column) / len(unit) for column in zip(*unit.values(), strict=True)]
    vectors = {
        word: scaled([x - c for x, c in zip(one, centre, strict=True)])
        for word, one in unit.items()
    }
    weights = {FORMULA: 1, TEXT: 2, TAG: 4, VIEW: 5, NAME: 8}
    features: dict[str, dict[str, int]] = {}
    for view in workspace.catalog.views:
        for name, feature in view.features.items():
            tags = (*view.entities, *view.keys, *view.tags, view.owner_of(name), *feature.tags)
            texts = (
                (FORMULA, f"{view.source} {feature.formula(name)}"),
                (TEXT, f"{view.description} {feature.description} {feature.unit} {feature.type}"),
                (TAG, " ".join(tags)),
                (VIEW, view.view),
                (NAME, f"{name} {name.replace('_', '')}"),
            )
            features[name] = {word: weights[place] for place, said in texts for word in words(said)}
    counts: dict[str, int] = {}
    for one in features.values():
        for word in one:
            counts[word] = counts.get(word, 0) + 1
    total = sum(counts.values())

    def mean(parts: dict[str, int]) -> list[float]:
        sums = [0.0] * len(centre)
        for word, weight in parts.items():
            rare = 1e-3 / (1e-3 + counts.get(word, 0) / total)
            for i, x in enumerate(vectors.get(word, ())):
                sums[i] += weight * rare * x
        return scaled(sums)

    asked = mean(dict.fromkeys(words(text), 1))
    return {
        name: sum(a * b for a, b in zip(asked, mean(one), strict=True))
        for name, one in features.items()
    }


def scaled(vector: list[float]) -> list[float]:
    size = math.sqrt(sum(x * x for x in vector))
    return [x / size for x in vector] if size else vector


@pytest.mark.parametrize("text", ["delay", "late arrival", "wind", "weather", "rain"])
def test_cosines_are_those_of_plain_python(workspace: Workspace, text: str) -> None:
    meaning = open_meaning(workspace.root, "words.vec", workspace.index)
    assert meaning is not None
    expected = oracle(workspace, text)
    none = np.zeros(len(workspace.index), np.bool_)
    got = dict(
        zip(workspace.index.names["feature"], meaning.near(text, none).tolist(), strict=True)
    )
    least = max(LEAST, NEAREST * max(expected.values()))
    assert max(expected.values()) > LEAST
    for name, cosine in expected.items():
        if abs(cosine - least) > 0.01:
            assert got[name] == pytest.approx(cosine if cosine > least else 0, abs=0.01)
    best = max(expected, key=lambda name: expected[name])
    passed = workspace.index.names["feature"].to_numpy() == best
    others = meaning.near(text, passed)
    assert not others[passed].any()
    assert (others > 0).sum() >= (np.array(list(got.values())) > 0).sum() - 1


def test_meaning_adds_what_words_do_not_find(workspace: Workspace) -> None:
    by_meaning = found(workspace, "delay")
    assert by_meaning == {"arr_delay": False, "late_flights": True}
    assert next(iter(by_meaning)) == "arr_delay"
    report = workspace.search("delay")
    scores = report.frame()["score"].to_list()
    assert scores[0] > 1 > scores[1] >= LEAST
    plain = report._repr_mimebundle_()["text/plain"].splitlines()
    assert plain[1] == "  carrier.history.arr_delay  Arrival delay in minutes."
    assert plain[2:] == ["  carrier.history.late_flights (by meaning)  Flights that came late."]
    assert "by meaning" in report._repr_mimebundle_()["text/html"]


def test_meaning_alone_finds_and_is_narrowed(workspace: Workspace) -> None:
    assert found(workspace, "arriving") == {}
    assert found(workspace, "arrival") == {"arr_delay": False, "precip": True}
    assert all(found(workspace, "movie").values())
    assert found(workspace, "delay", type="integer") == {"late_flights": True}
    counts = workspace.facets("delay")
    assert counts.type == {"float": 1, "integer": 1}
    assert sum(counts.view.values()) == len(workspace.search("delay"))
    assert list(found(workspace, "delay", sort="name")) == [
        "arr_delay", "late_flights",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["xqzzy", "xqzzy plmkw", "2013 7d", "-- >", "python module"])
def test_nonsense_finds_nothing_by_meaning(workspace: Workspace, text: str) -> None:
    assert not any(found(workspace, text).values())


def test_words_with_typing_errors_and_in_one_have_a_meaning(workspace: Workspace) -> None:
    meaning = open_meaning(workspace.root, "words.vec", workspace.index)
    assert meaning is not None
    np.testing.assert_allclose(meaning.vector("delya"), meaning.vector("delay"), atol=1e-6)
    joined, apart = meaning.vector("windspeed"), meaning.vector("wind speed")
    assert joined @ apart > 0.8
    assert not meaning.vector("xqzzy plmkw delay").any()
    assert meaning.vector("xqzzy delay").any()


def test_the_browser_marks_what_meaning_found(workspace: Workspace) -> None:
    reply = answer(workspace, {"id": "1", "kind": "rows", "payload": {"text": "delay"}})
    assert reply is not None
    rows = json.loads(json.dumps(reply["payload"]))["rows"]
    assert [row["mark"] for row in rows] == ["", "by meaning"]


def test_without_a_model_nothing_changes(workspace: Workspace) -> None:
    (workspace.root / "proml.toml").write_text("")
    bare = open_workspace(workspace.root)
    for text in ("", "delay", "wnid", "speed of the wind", "xqzzy"):
        ours, theirs = bare.search(text), bare.catalog.search(text)
        assert ours.frame().equals(theirs.frame())
        assert "by_meaning" not in ours.frame().columns
        rows = workspace.search(text)
        words_only = rows.frame().filter(~rows.frame()["by_meaning"]).drop("by_meaning")
        assert words_only.equals(theirs.frame())
    assert not list((workspace.root / ".proml").glob("search.m*/*"))


def test_vectors_are_kept_and_made_anew(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found(workspace, "delay")
    forget()
    with monkeypatch.context() as patch:
        patch.setattr(module, "embed", None)
        assert found(workspace, "delay") == before
    more = "  late: {type: float, description: Late flights.}\n"
    (workspace.root / "features" / "flights.yaml").write_text(FLIGHTS + more)
    assert found(workspace, "delay")["late"]
    lines = GOLDEN.read_text().splitlines()
    others = [line for line in lines[1:] if line.split()[0] not in ("late", "delay")]
    (workspace.root / "words.vec").write_text("\n".join(others) + "\n")
    assert found(workspace, "delay") == {"arr_delay": False}


def test_a_model_that_is_gone_is_told_once_and_words_go_on(workspace: Workspace) -> None:
    (workspace.root / "words.vec").unlink()
    with pytest.warns(MeaningWarning, match=r"words\.vec is not there: search goes by words alone"):
        report = workspace.search("delay")
    assert report.frame()["feature"].to_list() == ["arr_delay"]
    assert len(workspace.search("wind")) == 1


def test_a_bad_model_is_told(workspace: Workspace) -> None:
    (workspace.root / "words.vec").write_bytes(b"\x80\x04]")
    with pytest.raises(SourceError, match=r"is a pickle or an archive"):
        workspace.search("delay")


def test_a_model_elsewhere_is_refused(workspace: Workspace) -> None:
    (workspace.root / "proml.toml").write_text('[search]\nmodel = "https://example.org/w.vec"\n')
    with pytest.raises(SpecError, match="a file is needed: nothing is downloaded"):
        open_workspace(workspace.root)


def test_promotions_search_by_words(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "promoting", lambda: True)
    assert open_meaning(workspace.root, "words.vec", workspace.index) is None


def test_an_empty_catalogue_has_no_meaning(workspace: Workspace) -> None:
    shutil.rmtree(workspace.root / "features")
    (workspace.root / "features").mkdir()
    assert len(workspace.search("delay")) == 0
