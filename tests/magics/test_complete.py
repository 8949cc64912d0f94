from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.contracts import Dataset
from proml_lab.magics import verbs
from proml_lab.magics.complete import complete
from proml_lab.magics.context import Context
from proml_lab.spec import ModelSpec
from tests.promote.conftest import write_notebook


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A notebook with a spec and a dataset, in a folder without a workspace."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROML_WORKSPACE", raising=False)
    (tmp_path / "delay.proml.yaml").touch()
    (tmp_path / "tour.ipynb").touch()
    spec = ModelSpec.parse("name: d\nlabel: late\nspine: {source: s}\nsplit: {by: random}\n")
    frame = pl.DataFrame({"late": [1]})
    names = {"spec": spec, "train": Dataset(frame), "frame": frame, "n": 3, "_hidden": spec}
    return Context(names)


@pytest.mark.parametrize(
    ("typed", "fragment", "offered"),
    [
        ("", "", list(dict.fromkeys(name.split()[0] for name in verbs.NAMES))),
        ("features ch", "ch", ["check"]),
        ("features lineage --way f", "f", ["from"]),
        ("features check --co", "--co", ["--code"]),
        ("features wind ch", "ch", []),
        ("f", "f", ["features", "fit"]),
        ("nonsense x", "x", []),
        ("fit gbm --l", "--l", ["--learner"]),
        ("fit gbm --learner l", "l", ["linear"]),
        ("fit gbm --spec ", "", ["delay.proml.yaml", "spec"]),
        ("fit gbm --spec s", "s", ["spec"]),
        ("fit gbm --spec spec --on ", "", ["train"]),
        ("fit gb", "gb", []),
        ("dataset ", "", ["delay.proml.yaml", "spec"]),
        ("dataset --features weather.", "weather.", []),
        ("spec d", "d", ["delay.proml.yaml", "draft"]),
        ("spec draft --from spec,tr", "tr", ["train"]),
        ("compare gbm ", "", ["delay.proml.yaml", "spec"]),
        ("compare gbm --metric au", "au", ["auc"]),
        ("explain gbm --kind w", "w", ["waterfall"]),
        ("init --example ", "", ["flights", "movies"]),
        ("fit gbm --spec spec --set num", "num", ["num_leaves="]),
        ("fit gbm --learner linear --set m", "m", ["min_count=", "monotone="]),
        ("fit gbm --set ", "", []),
        ("fit gbm --spec nosuch --set ", "", []),
        ("fit gbm --learner linear --set l2=", "", []),
        ("promote ", "", ["tour.ipynb"]),
        ("promote tour.ipynb x", "x", []),
        ("output model=sp", "sp", []),
        ("output metrics=sp", "sp", ["spec"]),
        ("dataset --spine frame --label ", "", ["late"]),
        ("dataset --label ", "", []),
        ("alias delay c", "c", ["champion"]),
        ("help ex", "ex", ["explain", "export"]),
        ("fit gbm --code ", "", []),
    ],
)
def test_complete(typed: str, fragment: str, offered: list[str], context: Context) -> None:
    assert complete(typed, context) == (fragment, offered)


def test_options_of_every_verb_can_be_completed(context: Context) -> None:
    for name in verbs.NAMES:
        _, offered = complete(f"{name} --", context)
        assert {"--code", "--output", "--workspace", "--help"} <= set(offered), name


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("features --owner ne", ["network"]),
        ("features --view weather.r", ["weather.recent"]),
        ("features --type s", ["string"]),
        ("dataset --features carrier.history,planes.static.se", ["planes.static.seats"]),
        ("dataset --spine flig", ["flights"]),
        ("dataset --spine flights --cutoff cut", ["cutoff"]),
        ("dataset --spine nosuch --cutoff cut", []),
    ],
)
def test_the_catalogue_is_offered(
    typed: str, offered: list[str], flights_folder: Path, context: Context
) -> None:
    context.folder = str(flights_folder)
    assert complete(typed, context)[1] == offered


def test_versions_are_offered(context: Context, tmp_path: Path) -> None:
    (tmp_path / "proml.toml").touch()
    for version in (1, 2):
        folder = tmp_path / ".proml" / "artifacts" / "delay" / str(version)
        folder.mkdir(parents=True)
        (folder / "manifest.json").touch()
    context.folder = str(tmp_path)
    assert complete("verify de", context)[1] == ["delay", "delay@1", "delay@2"]
    assert complete("compare gbm delay", context)[1] == ["delay.proml.yaml", "delay@1", "delay@2"]


def test_parameters_of_the_notebook_are_offered(context: Context, tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", "1", parameters="depth: int = 3\nrate: float = 0.1")
    assert complete(f"promote {path} -p ", context)[1] == ["depth=", "rate="]
    assert complete(f"promote {path} -p depth=", context)[1] == []
    assert complete(f"promote {tmp_path / 'no.ipynb'} -p ", context)[1] == []
