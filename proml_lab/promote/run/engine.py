"""Our engine for papermill: for promotions, and ``papermill --engine proml in.ipynb out.ipynb``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from proml_lab.promote import notebook
from proml_lab.promote.run import kernel
from proml_lab.promote.run.cells import CellRun, Limits
from proml_lab.promote.run.execute import PREPARED

if TYPE_CHECKING:
    from nbformat import NotebookNode

NAME = "proml"
_PYTHON = ("python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info[:2]))


def drive(nb: NotebookNode, cells: Callable[[], None]) -> None:
    """Let papermill run the notebook of a promotion by its engine `proml`, whoever offers that."""
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillException

    try:
        papermill_engines.get_engine(NAME)
    except PapermillException:  # a checkout that was not installed has no entry points
        papermill_engines.register(NAME, ProMLEngine)
    papermill_engines.execute_notebook_with_engine(NAME, nb, "python3", cells=cells)


class ProMLEngine:
    """What papermill calls for ``--engine proml``; registered as the entry point `proml`.

    While it runs, the notebook grows in the folder ``<output>.run``, which goes at the end and
    stays after a crash: `recovery.recover` makes a notebook of it. Unlike our promotions this one
    hands the whole environment on, and takes the kernel that the notebook names.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,
        stdout_file: IO[str] | None = None,
        stderr_file: IO[str] | None = None,
        start_timeout: float = 60.0,
        execution_timeout: float | None = None,
        cells: Callable[[], None] | None = None,
        **_: object,
    ) -> NotebookNode:
        """Run `nb` in place and hand it back; papermill writes it, and tells of what failed.

        A promotion, which has a kernel and a folder of its own, gives the call that runs its
        `cells`.
        """
        import os

        if cells is not None:
            cells()
            return nb

        from jupyter_client.kernelspec import KernelSpecManager

        spec = KernelSpecManager().get_kernel_spec(kernel_name)
        command = [part.replace("{resource_dir}", spec.resource_dir) for part in spec.argv]
        if command[0] in _PYTHON:  # no path: the one that is running, as Jupyter reads it
            command[0] = sys.executable
        limits = Limits(cell_s=execution_timeout)
        with (
            _kept(nb, output_path) as keep,
            (keep / "kernel.log").open("wb") as log,
            _bar(progress_bar, len(nb.cells)) as tell,
            kernel.started(
                command,
                folder=Path.cwd(),
                environment={**os.environ, **spec.env},
                log=log,
                patience_s=start_timeout,
            ) as running,
        ):
            run = CellRun(nb, running, keep, limits, tell, lambda _index, _seconds: None)
            with run.deferred():
                try:
                    run.run()
                finally:
                    run.describe()
                    run.close()
        _copy_streams(nb, stdout=stdout_file, stderr=stderr_file)
        return nb

    @classmethod
    def nb_kernel_name(cls, nb: NotebookNode, name: str | None = None) -> str:
        """The kernel that `nb` names, or `name`."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: NotebookNode, language: str | None = None) -> str:
        """The language that `nb` is in, or `language`."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))


@contextmanager
def _kept(nb: NotebookNode, output_path: str | None) -> Iterator[Path]:
    """The folder of the run; if the block raises, what there is of `nb` is written."""
    local = output_path is not None and "://" not in output_path
    keep = Path(f"{output_path}.run") if local else Path(tempfile.mkdtemp(prefix="proml-run-"))
    shutil.rmtree(keep, ignore_errors=True)
    keep.mkdir(parents=True)
    try:
        notebook.write(nb, keep / PREPARED)
        yield keep
    except BaseException:
        if local:
            notebook.write(nb, Path(str(output_path)))
        raise
    finally:
        shutil.rmtree(keep, ignore_errors=True)


@contextmanager
def _bar(wanted: bool | dict[str, Any], total: int) -> Iterator[Callable[[int], None]]:
    """Papermill's own bar, if it is wanted."""
    if not wanted:
        yield lambda _: None
        return
    from tqdm.auto import tqdm

    options = wanted if isinstance(wanted, dict) else {}
    with tqdm(total=total, **{"unit": "cell", "desc": "Executing", **options}) as bar:
        yield lambda index: bar.update(index - bar.n)
        bar.update(total - bar.n)


def _copy_streams(nb: NotebookNode, **files: IO[str] | None) -> None:
    for cell in nb.cells:
        for output in cell.get("outputs", ()):
            file = files.get(output.get("name", ""))
            if file is not None:
                file.write(output["text"])
                file.flush()
