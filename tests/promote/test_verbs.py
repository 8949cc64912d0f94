"""``show``, ``diff`` and ``gc`` on the command line, and the Python that they stand for."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module

import pytest

from proml_lab import cli
from proml_lab.magics import promote
from tests.promote.conftest import Promoted

ROW = {"what": "parameter", "name": "depth", "note": ""}
Run = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def proml(promoted: Promoted, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(line: str) -> tuple[int, str, str]:
        status = cli.main([*line.split(), "--workspace", str(promoted.workspace)])
        return status, *capsys.readouterr()

    return run


def test_one_artifact_in_full(proml: Run) -> None:
    status, out, _ = proml("show visits@3")
    assert status == 0
    assert out.startswith("visits@3\n\nThe version\n")
    rows = json.loads(proml("show visits --json")[1])
    assert {"part": "parameter", "name": "depth", "value": "3", "note": ""} in rows


def test_two_side_by_side(proml: Run) -> None:
    status, out, _ = proml("diff visits@2 visits@3")
    assert status == 0
    assert out.startswith("visits@3 differs from visits@2 in parameters (1)")
    rows = json.loads(proml("diff visits@2 visits@3 --json")[1])
    assert rows[0] == {**ROW, "before": "2", "after": "3"}


def test_what_no_version_needs(proml: Run) -> None:
    assert proml("gc")[:2] == (0, "There is nothing that no version needs.\n")
    assert proml("gc --dry-run --json")[1] == "[]\n"
    status, _, err = proml("gc --yes --dry-run")
    assert status == 2
    assert "--yes removes and --dry-run only lists." in err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("show visits@3", "show('visits@3')"),
        ("diff a@1 a@2", "difference('a@1', 'a@2')"),
        ("gc", "gc()"),
        ("gc --yes", "gc(remove=True)"),
    ],
)
def test_the_python_that_does_the_same(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*line.split(), "--code"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == said
    compile(out, "code", "exec")


def test_an_interrupt_while_it_is_summed_up_does_not_hide_the_version(
    promoted: Promoted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    last = promoted.artifacts[2]
    assert "differs from visits@2" in str(promote.summary(last))
    monkeypatch.setattr(import_module("proml_lab.promote"), "difference", pressed)
    said = str(promote.summary(last)).splitlines()
    assert said == [f"visits@3  {last.path}", "Interrupted after it was registered."]
