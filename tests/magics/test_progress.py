from __future__ import annotations

import re

import pytest

from proml_lab.errors import GateError
from proml_lab.magics.progress import Step, duration, interrupts, progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (4.21, "4.2 s"), (80, "1 min 20 s"), (7500, "2 h 5 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_work_that_is_done_soon_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with progress("gbm", "lines", clock=clock) as tell:
        clock.now = 0.1
        tell(0.5, "trees")
    assert capsys.readouterr() == ("", "")


def test_lines_come_every_few_seconds_with_the_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    with progress("gbm", "lines", clock=clock) as tell:
        for i in range(1, 101):
            clock.now = i / 10
            tell(i / 100, "trees")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "gbm: 3% · trees · 0.3 s",
        "gbm: 53% · trees · 5.3 s, 4.7 s left",
        "gbm: done after 10.0 s",
    ]


def test_the_time_left_of_work_that_stands_still_counts_down_and_goes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    with progress("run", "lines", clock=clock) as tell:
        for now in range(6, 31, 6):
            clock.now = float(now)
            tell(0.4, "cell 3")
    assert capsys.readouterr().err.splitlines() == [
        "run: 40% · cell 3 · 6.0 s, 9.0 s left",
        "run: 40% · cell 3 · 12.0 s, 3.0 s left",
        "run: 40% · cell 3 · 18.0 s",
        "run: 40% · cell 3 · 24.0 s",
        "run: 40% · cell 3 · 30.0 s",
        "run: done after 30.0 s",
    ]


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (ValueError(), "stopped"),
        (GateError("no version"), "stopped"),
        (GateError("rejected", artifact="made@1"), "done"),
    ],
    ids=repr,
)
def test_an_end_by_an_error_is_told(
    error: BaseException, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()

    def work() -> None:
        with progress("gbm", "lines", clock=clock) as tell:
            clock.now = 2.0
            tell(0.1)
            raise error

    with pytest.raises(type(error)):
        work()
    assert capsys.readouterr().err.splitlines()[-1] == f"gbm: {ending} after 2.0 s"


def test_off_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with progress("gbm", "off", clock=clock) as tell:
        clock.now = 60.0
        tell(0.5)
    assert capsys.readouterr() == ("", "")


def test_a_bar_tells_screen_readers_and_escapes() -> None:
    bundle = Step("<gbm>", "a & b", 0.254, 4.0)._repr_mimebundle_()
    assert bundle["text/plain"] == "<gbm>: 25% · a & b · 4.0 s, 11.7 s left"
    page = bundle["text/html"]
    assert re.search(r'role="progressbar" aria-label="&lt;gbm&gt;" .* aria-valuenow="25"', page)
    assert "width:25%" in page
    assert "a &amp; b" in page
    assert "<gbm>" not in page


def test_no_time_left_is_told_before_there_is_something_to_go_by() -> None:
    assert str(Step("gbm", "", 0.25, 2.9)) == "gbm: 25% · 2.9 s"
    assert str(Step("gbm", "", 0.25, 3.0)) == "gbm: 25% · 3.0 s, 9.0 s left"


def numba_like(inner: type[BaseException]) -> None:
    try:
        raise inner
    except BaseException as error:
        raise SystemError("returned a result with an exception set") from error


def test_an_interrupt_that_compiled_code_wrapped_is_one_again() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts():
        numba_like(KeyboardInterrupt)
    with pytest.raises(SystemError, match="exception set"), interrupts():
        numba_like(ValueError)


def test_a_finished_bar_is_one_line() -> None:
    page = Step("gbm", "", 1.0, 3.0, "done")._repr_mimebundle_()["text/html"]
    assert "progressbar" not in page
    assert "gbm: done after 3.0 s" in page
