"""The account: what is said follows what was recorded, and what was not is said to be unknown."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from proml_lab.promote import account, groups
from proml_lab.promote.assemble import Draft
from proml_lab.promote.blocks import Block, markdown
from proml_lab.promote.gates.entry import GateEntry, Override
from proml_lab.promote.gates.held_out import HeldOut
from proml_lab.promote.gates.standing import Standing
from proml_lab.promote.recorded import Metric, Recorded
from proml_lab.spec import ModelSpec
from tests.promote.conftest import Promoted

SPEC = {
    "name": "m",
    "label": "late",
    "spine": {"source": "flights", "entities": ("dest",), "cutoff": "asked"},
    "learner": "linear",
}
FAILED = GateEntry(gate="auc", limit=">= 0.9", verdict="failed", why="It is 0.8.")


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """A bundle with nothing in it but an index of data."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "index.json").write_text('{"files": []}')
    return Draft(
        folder=tmp_path,
        spec=ModelSpec.model_validate(SPEC),
        origins=(),
        recorded=Recorded(),
        metrics=(),
        parameters={},
        model={"data": "d" * 32},
        inputs=("x",),
        n_rows=1234,
        seed=0,
        files={},
        standing=Standing(),
    )


def said(blocks: Iterable[Block]) -> str:
    return markdown(blocks)


def asked(draft: Draft, **changes: object) -> Draft:
    return replace(draft, spec=ModelSpec.model_validate({**SPEC, **changes}))


def keep_groups(folder: Path, *rows: tuple[str, int, float | None, bool | None]) -> None:
    """``reports/groups.json`` with (group, rows, difference, worse) of the column dest."""
    figures = ("value", "low", "high", "difference_low", "difference_high")
    made = [
        {"column": "dest", "group": name, "n_rows": n, "difference": apart, "worse": worse}
        | dict.fromkeys(figures, None if apart is None else 0.5)
        for name, n, apart, worse in rows
    ]
    head = {"metric": "auc", "direction": "higher", "least_rows": 200, "crowded": ["tailnum"]}
    (folder / "reports").mkdir()
    (folder / groups.KEPT).write_text(json.dumps({**head, "groups": made}))


def test_what_it_predicts(draft: Draft) -> None:
    text = said(account.predicts(draft))
    assert "the chance, between 0 and 1, that `late` is true" in text
    assert "A row of `flights` is described by `dest`" in text
    assert "known at the row's `asked`" in text
    bare = asked(draft, spine={"source": "s"}, label={"column": "n", "task": "count"})
    assert said(account.predicts(bare)).startswith("For each row it gives the expected count `n`.")
    assert "known at" not in said(account.predicts(bare))
    label = {"column": "n", "task": "quantile", "quantile": 0.9}
    late = asked(draft, spine={"source": "s"}, label=label)
    assert "`n` reaches at most in 0.9 of all cases" in said(account.predicts(late))


@pytest.mark.parametrize(
    ("metric", "value", "sentence"),
    [
        ("auc", 0.752, "ranks the right one higher in 75% of all cases"),
        ("mae", 3.25, "On average it is off by 3.25."),
        ("r2", 0.4, "It explains 40% of how the labels vary"),
    ],
)
def test_some_figures_make_a_sentence(
    draft: Draft, metric: str, value: float, sentence: str
) -> None:
    text = said(account.quality(replace(draft, metrics=(Metric(metric, value, 0.1, 0.9),))))
    assert sentence in text
    assert "The interval says how sure a figure is." in text
    assert sentence not in said(account.quality(replace(draft, metrics=(Metric(metric, None),))))


def test_without_metrics_or_intervals_that_is_said(draft: Draft) -> None:
    assert "nothing can be said of how good" in said(account.quality(draft))
    text = said(account.quality(replace(draft, metrics=(Metric("lift", 2.0),))))
    assert "| lift | 2 | – | – | – |" in text
    assert "How sure these figures are is not known" in text
    assert "It was not compared with another model." in text


def test_beside_whom_it_is_best(draft: Draft) -> None:
    alike = "no detectable difference"
    verdicts = {
        "auc": {"gbm": "best", "line": alike, "rate": "worse"},
        "brier": {"gbm": "best", "line": alike, "rate": "worse"},
        "log_loss": {"gbm": "best", "line": "worse", "rate": "worse"},
        "calibration": {"gbm": alike, "line": "worse", "rate": "best"},
        "pr_auc": {"gbm": "worse", "line": "best", "rate": "worse"},
    }
    rows = [
        {"metric": metric, "group": None, "model": model, "verdict": verdict}
        for metric, each in verdicts.items()
        for model, verdict in each.items()
    ]
    (draft.folder / "reports").mkdir()
    (draft.folder / "reports" / "board.json").write_text(json.dumps({"metrics": rows}))
    metrics = tuple(
        Metric(name, 0.5, direction="higher", verdict=each["gbm"], report="board", model="gbm")
        for name, each in verdicts.items()
    )
    text = said(account.quality(replace(draft, metrics=metrics)))
    assert text.endswith(
        "Compared with `line` and `rate` on the same rows:\n\n"
        "- by auc and brier: its value is the best, but not detectably better than that of `line`\n"
        "- by log_loss: it is the best\n"
        "- by calibration: no detectable difference from `rate`\n"
        "- by pr_auc: it is worse than `line`"
    )


def test_a_report_of_rows_alone_is_read_too(draft: Draft) -> None:
    (draft.folder / "reports").mkdir()
    (draft.folder / "reports" / "board.json").write_text('[{"model": "m", "metric": "auc"}]')
    metric = Metric("auc", 0.5, verdict="best", report="board", model="m")
    text = said(account.quality(replace(draft, metrics=(metric,))))
    assert text.endswith("Compared with other models on the same rows:\n\n- by auc: it is the best")


@pytest.mark.parametrize(
    ("split", "held"),
    [
        ({"by": "random", "test": 0.25}, "that were held out at random (25% of all)"),
        ({"test_from": "2013-11-01"}, "those from 2013-11-01 on"),
        ({"test": 0.1}, "the newest 10%"),
        ({"test": 0.1, "gap": "36h"}, "the newest 10%, after a gap of 1d12h"),
        ({"by": "stratified"}, "held out at random, with equal shares of the label (20% of all)"),
        ({"by": "entity", "entity": "dest"}, "of `dest` that were held out, all rows of each"),
    ],
)
def test_how_rows_were_held_out(draft: Draft, split: dict[str, object], held: str) -> None:
    measured = replace(asked(draft, split=split), metrics=(Metric("auc", 0.5, n_rows=9),))
    assert held in said(account.quality(measured))


def test_for_whom_it_does_worse(draft: Draft) -> None:
    assert "This was not measured" in said(account.fares_worse(draft))
    rows = [(f"d{i}", 300, -0.1 - i / 100, True) for i in range(10)]
    keep_groups(draft.folder, *rows, ("fine", 500, 0.1, False), ("tiny", 7, None, None))
    first, second, worst, more, _ = account.fares_worse(draft)
    assert first == (
        "Measured by auc (higher is better) in each group of `dest` that has at least 200 "
        "held-out rows: 11 groups."
    )
    assert str(second).startswith("For these it does worse than for the groups of that column")
    text = said([worst])
    assert text.splitlines()[2].startswith("| dest = d9 | 300 | 0.5 | 0.5 to 0.5 | -0.19 (+0.5 to")
    assert len(text.splitlines()) == 2 + 8
    assert more == "So it does for 2 more."
    limits = said(account.limits(draft))
    assert "Of 1 group with too few held-out rows nothing can be said: dest = tiny." in limits
    assert "It was not measured for each value of `tailnum`: there are too many." in limits


def test_where_no_group_does_worse(draft: Draft) -> None:
    keep_groups(draft.folder, ("a", 300, -0.001, False), ("b", 300, 0.001, False))
    text = said(account.fares_worse(draft))
    assert "For none of them it does worse than for the others by more than chance" in text
    assert "All groups with enough rows:" in text


def test_data_that_the_notebook_made(draft: Draft) -> None:
    text = said(account.data(draft))
    assert text.startswith("Fitted on 1,234 rows (fingerprint `dddddddd…`).")
    assert "The notebook made the data itself" in text


def test_periods_and_files(draft: Draft) -> None:
    ends = {"trained": ("2013-01-01T05:00:00+00:00", "2013-10-31T23:00:00+00:00")}
    ends["period"] = ("2013-11-01T00:00:00+00:00", "2013-12-31T00:00:00+00:00")
    held = HeldOut(draft.folder, [0.0] * 5, [0.0] * 5, None, "r", **ends)  # type: ignore[arg-type]
    files = [{"path": "a.csv", "kept": False, "why": "over snapshot_limit"}]
    (draft.folder / "data" / "index.json").write_text(json.dumps({"files": files}))
    over = replace(draft, standing=Standing(held=held))
    text = said(account.data(over))
    assert "Fitted on 1,234 rows, from 2013-01-01 to 2013-10-31 (" in text
    assert "Measured on 5 other rows, from 2013-11-01 to 2013-12-31." in text
    assert "The notebook read 1 other file." in text
    assert "Not all files were kept (1 file: over snapshot_limit)." in text
    assert "It has learnt from 2013-01-01 to 2013-10-31 only" in said(account.limits(over))


def test_limits_follow_the_spec(draft: Draft) -> None:
    text = said(account.limits(asked(draft, split={"test_from": "2013-11-01"})))
    assert "It was fitted on rows before 2013-11-01." in text
    assert "It was given what each source says was known at `asked`." in text
    assert "Nothing is known of its quality." in text
    assert "some may fare worse" in text
    text = said(account.limits(asked(draft, spine={"source": "s"}, split={"by": "random"})))
    assert "drawn at random from the same period" in text
    gap = asked(draft, split={"test_from": "2013-11-08", "gap": "7d"})
    assert "It was fitted on rows before 2013-11-01." in said(account.limits(gap))
    other = said(account.limits(asked(draft, split={"by": "entity", "entity": "dest"})))
    assert "measured on rows of other entities from the same period: on later rows" in other
    assert "was not checked" in text


def test_the_status_is_told_before_all_else(draft: Draft) -> None:
    assert account.status(draft) == ""
    rejected = replace(draft, standing=Standing((FAILED,)))
    failed = "it does not pass 1 of its 1 gates (auc >= 0.9)"
    assert account.status(rejected) == (f"Rejected: {failed}. By its spec it must not be used.")
    assert "It was not shown to reach what its spec asks for: auc." in said(
        account.limits(rejected)
    )
    override = Override(reason="agreed", who="ann", when="2026-01-02T03:04:05+00:00")
    overridden = replace(draft, standing=Standing((FAILED,), override))
    assert account.status(overridden).startswith(f"Overridden: {failed}, and someone decided")


def test_what_is_shown_for_use_works(promoted: Promoted) -> None:
    """The lines for MLflow, run as they stand in the card."""
    artifact = promoted.artifacts[2]
    assert "`x`, `who`" in artifact.card
    code = artifact.card.partition("with a pandas table:\n\n```python\n")[2].partition("```")[0]
    assert "mlflow.pyfunc.load_model" in code
    given = "import pandas\ntable = pandas.DataFrame({'x': [0.5, -1.0], 'who': ['a', None]})\n"
    command = [sys.executable, "-c", f"{given}{code}\nprint(len(scores))"]
    ran = subprocess.run(command, cwd=artifact.path, capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "2", ran.stderr
