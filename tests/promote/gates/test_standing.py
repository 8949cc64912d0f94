"""Gates from end to end: a notebook whose versions are accepted, rejected and overridden."""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import GateError, UsageError
from proml_lab.promote import Artifact, alias, load_artifact, promote, rollback
from proml_lab.promote.artifact import opened, registry_of
from proml_lab.promote.gates.entry import GateEntry, Override, overriding, said, status_of
from proml_lab.promote.gates.standing import Standing, champion_of, stand
from proml_lab.promote.lint import Finding, LintReport
from proml_lab.promote.recorded import Recorded
from tests.promote.conftest import Write, make_workspace, write_notebook

MODEL = '''
import numpy as np, polars as pl
from proml_lab.contracts import Dataset
from proml_lab.learners import fit
from proml_lab.promote import record
from proml_lab.spec import ModelSpec
rng = np.random.default_rng(3)
frame = pl.DataFrame({"x": rng.normal(size=600), "z": rng.normal(size=600)})
late = rng.random(600) < 1 / (1 + np.exp(-2 * frame["x"].to_numpy()))
data = Dataset(frame.with_columns(late=pl.Series(late)), label="late", features=(feature,))
spec = ModelSpec.parse("""
name: visits
label: late
spine: {source: visits}
split: {by: random, test: 0.5}
learner: linear
gates: {auc: ">= 0.4", log_loss: "<= baseline", brier: "<= champion", drift: warn}
""")
record({"model": fit(spec, data)})
'''


@dataclass(frozen=True)
class Visits:
    """Versions: 1 is good and champion, 2 is bad and rejected, 3 the same and overridden."""

    workspace: Path
    artifacts: tuple[Artifact, ...]
    error: GateError


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Visits:
    workspace = make_workspace(tmp_path_factory.mktemp("gates") / "workspace")
    notebook = write_notebook(workspace / "visits.ipynb", MODEL, parameters='feature = "x"')
    one = promote(notebook, "visits", workspace=workspace)
    alias("visits", "champion", 1, workspace=workspace)
    with pytest.raises(GateError) as caught:
        promote(notebook, "visits", {"feature": "z"}, workspace=workspace)
    reason = "  agreed | with all  "
    three = promote(notebook, "visits", {"feature": "z"}, override=reason, workspace=workspace)
    two = caught.value.artifact
    assert isinstance(two, Artifact)
    return Visits(workspace, (one, two, three), caught.value)


def test_each_verdict_is_in_the_manifest_with_its_figures(visits: Visits) -> None:
    one, two, three = (artifact.manifest for artifact in visits.artifacts)
    assert [m.status for m in (one, two, three)] == ["accepted", "rejected", "overridden"]
    assert [g.verdict for g in one.gates] == ["passed", "passed", "passed", "not checked"]
    assert [g.against for g in one.gates] == [None, "baseline", None, None]
    assert one.gates[2].why == "There is no champion yet: nothing to be held against."
    assert two.gates == three.gates
    brier = two.gates[2]
    assert (brier.verdict, brier.against) == ("failed", "visits@1")
    assert brier.difference_low is not None
    assert brier.difference_low > 0
    y, p = pl.read_parquet(visits.artifacts[0].path / "reports/held_out.parquet").get_columns()
    assert brier.other == pytest.approx(((y - p) ** 2).mean())
    y, p = pl.read_parquet(visits.artifacts[1].path / "reports/held_out.parquet").get_columns()
    assert brier.value == pytest.approx(((y - p) ** 2).mean())
    assert one.held_out == two.held_out
    assert one.held_out is not None
    assert one.held_out.n_rows == len(y)


def test_a_rejection_is_an_error_that_says_which_gate_and_carries_the_version(
    visits: Visits,
) -> None:
    text = str(visits.error)
    assert text.startswith("visits@2 is rejected by 1 of its 4 gates. brier is 0.")
    assert text.endswith('--override "reason"; it is registered, but gets no alias.')
    assert load_artifact("visits@2", visits.workspace).manifest.status == "rejected"
    assert not list((visits.workspace / ".proml" / "runs").iterdir())


def test_an_override_says_who_when_and_why(visits: Visits) -> None:
    override = visits.artifacts[2].manifest.override
    assert override is not None
    assert override.reason == "agreed | with all"
    assert override.who == getpass.getuser()
    age = datetime.now(UTC) - datetime.fromisoformat(override.when)
    assert 0 <= age.total_seconds() < 600
    registry = registry_of(opened(visits.workspace))
    tags = registry.connection.client.get_model_version("visits", "3").tags
    assert tags["proml.status"] == "overridden"
    assert tags["proml.override"] == override.reason
    assert (tags["proml.override.who"], tags["proml.override.when"]) == (
        override.who,
        override.when,
    )
    assert visits.artifacts[0].manifest.override is None


def test_card_and_report_show_the_verdicts(visits: Visits) -> None:
    one, two, three = visits.artifacts
    assert "It passes its gates, 1 with a warning." in one.card
    assert "| drift | `warn` | – | – | not checked | No report of this run" in one.card
    rejected = "it does not pass 1 of its 4 gates (brier <= champion)."
    assert f"**Rejected: {rejected} By its spec it must not be used.**" in two.card
    said = two.card.splitlines()
    assert [line for line in three.card.splitlines() if line not in said] == [
        f"**Overridden: {rejected.removesuffix('.')}, and someone decided that it may be used "
        "all the same.**",
        "The reason given: agreed | with all",
    ]
    pages = [a.report.read_text(encoding="utf-8") for a in visits.artifacts]
    assert all("What it had to reach" in page for page in pages)
    assert ['class="proml-status"' in page for page in pages] == [False, True, True]
    override = three.manifest.override
    assert override is not None
    assert pages[2].count(f"Overridden by {override.who}, ") == 2
    assert "agreed | with all" in pages[2]
    assert "Overridden by" not in pages[1]


def test_aliases_of_rejected_and_overridden_versions(visits: Visits) -> None:
    with pytest.raises(GateError, match="visits@2 is rejected by its gates: it gets no alias"):
        alias("visits", "champion", 2, workspace=visits.workspace)
    moved = alias("visits", "champion", 3, workspace=visits.workspace)
    assert str(moved) == "visits@3 is now champion, in place of visits@1."
    assert load_artifact("visits@champion", visits.workspace).key == "visits@3"
    assert str(alias("visits", "champion", 3, workspace=visits.workspace)) == (
        "visits@3 is champion already."
    )
    back = rollback("visits", workspace=visits.workspace)
    assert back.frame().rows() == [("visits", "champion", 1, 3)]
    assert "visits@1 is now champion" in back._repr_mimebundle_()["text/html"]
    assert load_artifact("visits@champion", visits.workspace).key == "visits@1"


def test_a_champion_that_is_damaged_is_told(visits: Visits, tmp_path: Path) -> None:
    registry = registry_of(opened(visits.workspace))
    found = champion_of(registry, "visits")
    assert found is not None
    assert found.predict is not None
    model = visits.artifacts[0].path / "model" / "predictor" / "linear.json"
    text = model.read_text()
    try:
        model.write_text(text + " ")
        found = champion_of(registry, "visits")
    finally:
        model.write_text(text)
    assert found is not None
    assert found.predict is None
    assert found.trouble == "visits@1 is damaged: model/predictor/linear.json was changed"
    assert champion_of(registry, "other") is None


def test_checks_are_read_from_declared_reports(visits: Visits, tmp_path: Path) -> None:
    """The worst verdict counts; of lint what is not muted."""
    outputs = tmp_path / "outputs"
    (outputs / "model").mkdir(parents=True)
    spec = (visits.artifacts[0].path / "spec.proml.yaml").read_text()
    start = spec.index("gates:")
    gates = (
        "gates: {drift: pass, leakage: pass, lint: warn, PN031: pass, PN021: pass, DQ007: pass, "
        "DQ008: pass}\n"
    )
    (outputs / "model" / "spec.proml.yaml").write_text(spec[:start] + gates)
    (outputs / "reports").mkdir()
    rows = [
        {"check": "drift", "verdict": "pass"},
        {"check": "drift", "verdict": "warn", "message": "x moved."},
        {"check": "leakage", "verdict": "odd"},
        {"feature": "x"},
        {"check": "drift", "code": "DQ007", "verdict": "pass"},
    ]
    (outputs / "reports" / "health.json").write_text(json.dumps(rows))
    (outputs / "reports" / "more.json").write_text(
        json.dumps({"checks": [{"check": "leakage", "verdict": "pass"}]})
    )
    warning = Finding("PN031", "warning", 3, 1, "seen")
    muted = Finding("PN021", "error", 3, 1, "seen", "cell")
    recorded = Recorded(model="a", reports={"health": "Health", "more": "Health"})
    registry = registry_of(opened(visits.workspace))
    found = stand(
        outputs,
        recorded,
        name="visits",
        registry=registry,
        lint=LintReport("a.ipynb", (warning,), (muted,)),
    )
    told = {g.gate: (g.verdict, g.why) for g in found.gates}
    assert told == {
        "drift": ("failed", "x moved."),
        "leakage": ("passed", "Report 'more' says pass for leakage."),
        "lint": ("failed", "Lint found 1 warning (PN031)."),
        "PN031": ("failed", "Lint found PN031 in cell 3: seen."),
        "PN021": ("passed", "Lint found no PN021."),
        "DQ007": ("passed", "Report 'health' says pass for DQ007."),
        "DQ008": ("not checked", "No report of this run has a verdict on DQ008."),
    }
    assert found.status == "rejected"
    assert found.rows is None


def entry(verdict: str, limit: str = ">= 1") -> GateEntry:
    return GateEntry.model_validate({"gate": "auc", "limit": limit, "verdict": verdict, "why": "."})


def test_statuses() -> None:
    override = Override(reason="a", who="b", when="c")
    assert status_of([], override) == "accepted"
    assert status_of([entry("passed"), entry("failed", "warn")], None) == "accepted"
    assert status_of([entry("passed"), entry("not checked")], None) == "rejected"
    assert status_of([entry("failed")], override) == "overridden"
    assert said([entry("failed"), entry("passed"), entry("passed")]) == "failed: auc; 2 passed"
    assert said([entry("not checked"), entry("failed")]) == "failed: auc; not checked: auc"
    assert Standing().tags() == {"proml.status": "accepted"}


def test_an_override_needs_a_reason(write: Write, workspace: Path) -> None:
    assert overriding(None) is None
    with pytest.raises(UsageError, match=r"An override needs a reason\.\nHint: such as: --over"):
        promote(write("1"), "some", override=" ", workspace=workspace)
    assert not (workspace / ".proml").exists()
