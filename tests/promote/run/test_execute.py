"""Runs in a real kernel: where it works, what it sees, and how it ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from papermill.engines import papermill_engines

from proml_lab.errors import RunError
from proml_lab.promote import inspect
from proml_lab.promote.notebook import prepared
from proml_lab.promote.run import times
from proml_lab.promote.run.cells import Limits
from proml_lab.promote.run.engine import ProMLEngine
from proml_lab.promote.run.execute import execute
from proml_lab.promote.run.recovery import recover
from proml_lab.promote.run.times import CellFacts
from tests.promote.conftest import write_notebook

FULL = """
import resource, sys
from pathlib import Path
from proml_lab.errors import RunError
from proml_lab.promote import inspect
from proml_lab.promote.notebook import prepared
from proml_lab.promote.run.execute import execute
node, folder = prepared(inspect(sys.argv[1]), {}), Path(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
try:
    execute(node, name="a", folder=folder, keep=folder, environment={})
except RunError as error:
    print(error)
"""


def run(
    tmp_path: Path,
    *cells: str,
    progress: object = None,
    startup: Sequence[str] = (),
    limits: Limits = Limits(),  # noqa: B008
    before: Sequence[CellFacts] = (),
) -> str:
    """Everything that the cells printed."""
    node = prepared(inspect(write_notebook(tmp_path / "a.ipynb", *cells)), {})
    keep = tmp_path / "keep"
    keep.mkdir()
    path = execute(
        node,
        name="a.ipynb",
        folder=tmp_path,
        keep=keep,
        environment={"PROML_TEST": "seen"},
        progress=progress,  # type: ignore[arg-type]
        startup=startup,
        limits=limits,
        before=before,
        pass_environment=["PROML_LAB_PASSED"],
    )
    assert path == keep / "executed.ipynb"
    outputs = [output for cell in node.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def test_this_python_in_that_folder_with_those_variables(tmp_path: Path) -> None:
    cell = "import os, sys; print(sys.executable, os.getcwd(), os.environ['PROML_TEST'])"
    port = "from ipykernel.kernelapp import IPKernelApp as A; print(A.instance().transport)"
    assert run(tmp_path, cell, port) == f"{sys.executable} {tmp_path} seen\nipc\n"


def test_startup_runs_before_the_first_cell_silently_and_uncounted(tmp_path: Path) -> None:
    assert run(tmp_path, "print(x)", startup=["x = 1; print('noise')", "x += 1"]) == "2\n"
    executed = nbformat.read(tmp_path / "keep" / "executed.ipynb", as_version=4)
    assert executed.cells[2].execution_count == 1


def test_a_startup_that_raises_begins_nothing(tmp_path: Path) -> None:
    with pytest.raises(
        RunError, match=r"failed before its first cell: what prepares the kernel raised ZeroDiv"
    ):
        run(tmp_path, "print(1)", startup=["1 / 0"])


def test_a_raise_names_cell_line_and_reason(tmp_path: Path) -> None:
    source = "\n".join([*(f"a{i} = {i}" for i in range(9)), "boom()", *("b = 1" for _ in range(9))])
    with pytest.raises(RunError) as caught:
        run(tmp_path, "x = 1", source)
    said = str(caught.value)
    assert "a.ipynb failed in cell 4 of 4, line 10: NameError: name 'boom' is not defined" in said
    shown = [line for line in said.splitlines() if "|" in line]
    assert len(shown) == 7
    assert shown[3] == "->  10 | boom()"
    assert (tmp_path / "keep" / "executed.ipynb").is_file()


def test_what_the_process_prints_is_not_told_of_a_cell_that_raised(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        run(tmp_path, "import os; os.write(2, b'noise | noise\\n'); boom()")
    assert b"noise" in (tmp_path / "keep" / "kernel.log").read_bytes()
    assert "noise | noise\\n'); boom()" in str(caught.value)
    assert "The kernel said" not in str(caught.value)


def test_it_is_run_by_the_engine_that_papermill_has(tmp_path: Path) -> None:
    """The one that is registered as `proml`, whoever offers it."""
    seen: list[str] = []

    class Seeing(ProMLEngine):
        @classmethod
        def execute_notebook(cls, nb: NotebookNode, *given: Any, **named: Any) -> NotebookNode:
            seen.append(nb.cells[-1].source)
            return super().execute_notebook(nb, *given, **named)

    usual = papermill_engines.get_engine("proml")
    papermill_engines.register("proml", Seeing)
    try:
        assert run(tmp_path, "print(6 * 7)") == "42\n"
    finally:
        papermill_engines.register("proml", usual)
    assert seen == ["print(6 * 7)"]
    assert usual is ProMLEngine


def test_our_own_errors_are_shown_as_they_are(tmp_path: Path) -> None:
    cell = "from proml_lab.errors import DataError\nraise DataError('No rows.', hint='add some.')"
    with pytest.raises(
        RunError, match=r"cell 3 of 3[^:]*: DataError: No rows. \(add some\)\n"
    ) as e:
        run(tmp_path, cell)
    assert str(e.value).count("Hint: ") == 1


def test_a_cell_that_may_raise_does_not_stop_the_run(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", "1 / 0", "print('after')")
    info = inspect(path)
    info.node.cells[2].metadata["tags"] = ["raises-exception"]
    node = prepared(info, {})
    (tmp_path / "keep").mkdir()
    execute(node, name="a", folder=tmp_path, keep=tmp_path / "keep", environment={})
    assert node.cells[3].outputs[0].text == "after\n"


def test_a_killed_kernel_is_named_with_its_last_words(tmp_path: Path) -> None:
    cell = "import os, signal\nos.write(2, b'out of luck\\n'); os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(RunError) as caught:
        run(tmp_path, "x = 1", cell)
    said = str(caught.value)
    assert "failed in cell 4 of 4: the kernel died: it was killed, or it crashed" in said
    assert "1 | import os, signal" in said
    assert (tmp_path / "keep" / "executed.ipynb").is_file()


def test_a_clean_exit_ends_the_run(tmp_path: Path) -> None:
    said = run(tmp_path, "print('before')", "import sys; sys.exit(0)", "print('not this')")
    assert said.startswith("before\n")
    assert "not this" not in said


@pytest.mark.parametrize("cell", ["exit()", "print('out')\nquit()"])
def test_leaving_the_kernel_is_blamed_on_the_cell_that_does(tmp_path: Path, cell: str) -> None:
    said = r"failed in cell 3 of 4: it calls exit\(\) or quit\(\), which ends the kernel"
    with pytest.raises(RunError, match=said):
        run(tmp_path, cell, "print('not this')")
    assert '"not this' not in (tmp_path / "keep" / "executed.ipynb").read_text()


def test_an_interrupt_from_progress_keeps_what_was_done(tmp_path: Path) -> None:
    def stop(part: float, words: str) -> None:
        if "y = 2" in words:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"a.ipynb was stopped in cell 4 of 4; nothing was"):
        run(tmp_path, "print('one')", "y = 2", progress=stop)
    assert "one" in (tmp_path / "keep" / "executed.ipynb").read_text()


def test_a_run_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"ran to its end, but was not written(.|\n)*Is a directory"):
        run(tmp_path, "import pathlib; pathlib.Path('keep/executed.ipynb').mkdir()")


def test_an_interrupt_where_a_loop_runs_ends_the_kernel(tmp_path: Path) -> None:
    """As in a notebook: an event loop runs in the thread that promotes."""

    def stop(part: float, words: str) -> None:
        if "y = 2" in words:
            raise KeyboardInterrupt

    async def promoting() -> None:
        with pytest.raises(KeyboardInterrupt, match=r"stopped in cell 4 of 4"):
            run(tmp_path, "import os; print(os.getpid())", "y = 2", progress=stop)

    with ThreadPoolExecutor(1) as pool:  # in this thread a browser's loop may run already
        pool.submit(lambda: asyncio.run(promoting())).result()
    executed = nbformat.read(tmp_path / "keep" / "executed.ipynb", as_version=4)
    pid = int(executed.cells[2].outputs[0].text)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_interrupt_inside_a_cell_ends_it_at_once(tmp_path: Path) -> None:
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])

    def stop(part: float, words: str) -> None:
        if "time.sleep" in words and not timer.ident:
            timer.start()

    with pytest.raises(KeyboardInterrupt, match=r"stopped in cell 4 of 4"):
        run(tmp_path, "import time; print('one')", "time.sleep(200)", progress=stop)
    text = (tmp_path / "keep" / "executed.ipynb").read_text()
    assert "one" in text
    assert "KeyboardInterrupt" in text


def test_variables_that_are_not_listed_do_not_reach_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setenv("PROML_LAB_PASSED", "asked for")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    names = "SOME_TOKEN", "PROML_LAB_PASSED", "OMP_NUM_THREADS", "PROML_TEST"
    said = run(tmp_path, f"import os\nprint(*[os.environ.get(n) for n in {names}], sep=', ')")
    assert said == "None, asked for, 1, seen\n"


def test_no_secret_of_signing_or_of_the_registry_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by the kernel, nor by what it starts."""
    names = [
        *("PROML_SIGNING_KEY", "PROML_REGISTRY", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME"),
        *("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_CLIENT_CERT_PATH"),
        *("MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_REGISTRY_URI", "MLFLOW_TRACKING_AUTH"),
        *("MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_FLASK_SERVER_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
        *("MLFLOW_S3_ENDPOINT_URL", "DATABRICKS_TOKEN", "SIGSTORE_ID_TOKEN"),
    ]
    for name in names:
        monkeypatch.setenv(name, f"hidden-{name}")
    print_all = "import os; print(sorted(os.environ), [*os.environ.values()])"
    child = f"import subprocess, sys; r = [sys.executable, '-c', {print_all!r}]"
    show = "print(subprocess.run(r, capture_output=True, text=True).stdout)"
    said = run(tmp_path, print_all, f"{child}\n{show}")
    assert said.count("'PROML_TEST'") == 2
    assert "hidden-" not in said
    assert not [name for name in names if f"'{name}'" in said]


def test_the_user_s_history_is_neither_read_nor_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    said = run(tmp_path, "x = 41", "x + 1", "%history -n 1-2", "print(Out[2])")
    assert "1: x = 41" in said
    assert said.endswith("42\n")
    assert not list((tmp_path / "ipython").rglob("history.sqlite*"))


def test_a_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"in cell 3 of 3, line 1: it asks for input, which a run"):
        run(tmp_path, "name = input('who? ')")


def test_a_cell_that_takes_too_long_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        run(tmp_path, "print('one')", "import time\ntime.sleep(60)", limits=Limits(cell_s=0.5))
    assert "failed in cell 4 of 4: it took longer than 0.5 s, the limit for a" in str(caught.value)
    assert "give cells more time by --cell-timeout; nothing was registered" in caught.value.hint
    text = (tmp_path / "keep" / "executed.ipynb").read_text()
    assert "KeyboardInterrupt" in text


def test_cells_that_together_take_too_long_end_the_run(tmp_path: Path) -> None:
    cells = ["import time"] + ["time.sleep(0.4)"] * 9
    with pytest.raises(RunError, match=r"the run took longer than 1 s, the limit for all cells"):
        run(tmp_path, *cells, limits=Limits(run_s=1.0))


def test_times_and_memory_of_cells_are_kept(tmp_path: Path) -> None:
    run(tmp_path, "a = bytearray(b'x') * 200_000_000; del a", "import time; time.sleep(0.7)")
    first, second = times.read(tmp_path / "keep")
    assert first.peak_bytes > second.peak_bytes + 100_000_000
    assert second.seconds >= 0.7


def test_a_full_disk_ends_the_run_and_keeps_what_was_written(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", "print('one')", "print('x' * 500_000)")
    done = subprocess.run(
        [sys.executable, "-c", FULL, path, tmp_path], capture_output=True, text=True, check=True
    )
    assert "in cell 4 of 4: the run could not be written: File too large" in done.stdout
    recovered = nbformat.read(recover(tmp_path), as_version=4)
    assert recovered.cells[2].outputs[0].text == "one\n"


def test_a_mistake_in_a_body_is_pointed_at_where_it_stands(tmp_path: Path) -> None:
    rows = (
        "%load_ext proml_lab\nimport polars as pl\nfrom proml_lab import Dataset\n"
        "rows = Dataset(pl.DataFrame({'x': [1, 2], 'late': [0, 1]}), 'late', features=('x',))"
    )
    body = "name: a\nlabel: late\nspine: {source: rows}\nlearner: basline\nseed: 2"
    wrong = "UnknownNameError: cell:5: learner: There is no learner 'basline'"
    with pytest.raises(RunError, match=rf"failed in cell 4 of 4, line 5: {wrong}") as caught:
        run(tmp_path / "same", rows, f"%%proml fit gbm --on rows\n{body}")
    assert "\n->   5 | learner: basline\n" in str(caught.value)
    later = "%proml fit gbm --spec spec --on rows" + "\n" * 9
    with pytest.raises(RunError, match=rf"failed in cell 5 of 5: {wrong}") as caught:
        run(tmp_path / "later", rows, f"%%proml spec -o spec\n{body}", later)
    assert "->" not in str(caught.value)


def test_a_magic_that_is_not_loaded_is_named(tmp_path: Path) -> None:
    said = {
        "%proml features wind": "%proml is not loaded; put '%load_ext proml_lab' into a cell above",
        "%%proml spec -o s\nname: x": "%proml is not loaded; put '%load_ext proml_lab'",
        "%nosuch": "Line magic function `%nosuch` not found; load the extension that has it",
    }
    for number, (cell, words) in enumerate(said.items()):
        folder = tmp_path / str(number)
        with pytest.raises(RunError, match=f"failed in cell 3 of 3: {re.escape(words)}"):
            run(folder, cell)
