"""Runs of notebooks against papermill with its defaults, in one go: wall time, CPU, bytes written.

Equal outputs are checked. Both are imported before the clock starts; each side is run in turns and
the medians are compared. CPU is that of this process and of the kernels; on a busy machine it says
more than the wall. Bytes are those that this process wrote (Linux), over the final notebook's.

Run: python benchmarks/promote.py [big|small|tour ...]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_notebook

from proml_lab.promote import inspect, promote
from proml_lab.promote.notebook import prepared
from proml_lab.promote.run.execute import execute

TOUR = Path(__file__).parents[1] / "notebooks" / "01_flight_delay.ipynb"
LINE = (
    "import base64, random; print(base64.b64encode(random.Random({}).randbytes(749_950)).decode())"
)
REPEATS = {"big": 5, "small": 5, "tour": 3}
BARS = {"big": 0.35, "small": 0.5}
BYTES_BAR = 1.2
TOUR_BAR, TOUR_MORE_S = 1.15, 3.0


@dataclass(frozen=True)
class Taken:
    """What one run took: seconds, bytes; and what it gave."""

    wall: float
    cpu: float
    written: int
    size: int
    texts: tuple[str, ...] = ()


def main(parts: Sequence[str]) -> int:
    """Print a line a part; 1 if a bar is missed."""
    import papermill.execute  # noqa: F401

    missed = False
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            work = Path(folder) / part
            work.mkdir()
            missed |= tour(work) if part == "tour" else cells(work, part)
    return int(missed)


def cells(work: Path, part: str) -> bool:
    """Many cells, of much output or of none; whether a bar is missed."""
    if part == "big":
        sources = [LINE.format(i) for i in range(30)]
    else:
        sources = [f"x_{i} = {i}" for i in range(200)]
    head = new_code_cell("", metadata={"tags": ["parameters"]})
    made = new_notebook(cells=[head, *map(new_code_cell, sources)])
    made.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "P"}
    path = work / "in.ipynb"
    nbformat.write(made, path)

    def ours(i: int) -> Path:
        keep = work / f"ours-{i}"
        keep.mkdir()
        node = prepared(inspect(path), {})
        return execute(node, name="in", folder=work, keep=keep, environment={})

    mine, theirs = in_turns(ours, lambda i: bare(path, work / f"theirs-{i}.ipynb"), REPEATS[part])
    assert mine[0].texts == theirs[0].texts, "the outputs differ"
    what = "30 cells of 1 MB" if part == "big" else "200 trivial cells"
    missed = told(what, mine, theirs, BARS[part])
    more = mine[-1].written / mine[-1].size
    peer = theirs[-1].written / theirs[-1].size
    print(f"{'':<18} bytes over the notebook's: ours {more:.2f}, papermill {peer:.1f}", end="")
    print(f", bar {BYTES_BAR}" if part == "big" else "")
    return missed or (part == "big" and more > BYTES_BAR)


def tour(work: Path) -> bool:
    """The tour promoted, over the tour run by papermill; whether the bar is missed."""
    from proml_lab.marketplace.example import make_flights

    workspace = make_flights(work / "flights")
    os.environ["PROML_WORKSPACE"] = str(workspace)
    notebook = workspace / TOUR.name
    notebook.write_bytes(TOUR.read_bytes())

    def ours(_: int) -> Path:
        made = promote(notebook, "flight-delay", workspace=workspace)
        return made.path / "notebook" / "executed.ipynb"

    def theirs(i: int) -> Path:
        return bare(notebook, work / f"theirs-{i}.ipynb")

    mine, others = in_turns(ours, theirs, REPEATS["tour"])
    return told("the tour", mine, others, TOUR_BAR, TOUR_MORE_S)


def bare(path: Path, output: Path) -> Path:
    """papermill with its defaults."""
    from papermill.execute import execute_notebook

    execute_notebook(path, output, progress_bar=False, cwd=path.parent)
    return output


def in_turns(
    ours: Callable[[int], Path], theirs: Callable[[int], Path], repeats: int
) -> tuple[list[Taken], list[Taken]]:
    mine, others = [], []
    for i in range(repeats):
        for side, work in ((others, theirs), (mine, ours)):
            side.append(taken(work, i))
    return mine, others


def taken(work: Callable[[int], Path], i: int) -> Taken:
    """Run once, and look at what it took."""
    wall, cpu, written = time.perf_counter(), sum(os.times()[:4]), bytes_written()
    path = work(i)
    wall, cpu = time.perf_counter() - wall, sum(os.times()[:4]) - cpu
    written = bytes_written() - written
    node = nbformat.read(path, as_version=4)
    texts = tuple("".join(o.get("text", "") for o in c.get("outputs", ())) for c in node.cells)
    return Taken(wall, cpu, written, path.stat().st_size, texts)


def bytes_written() -> int:
    """Bytes that this process handed to files so far; 0 where the system does not say."""
    counters = getattr(psutil.Process(), "io_counters", None)
    return int(getattr(counters(), "write_chars", 0)) if counters else 0


def told(
    what: str, mine: Sequence[Taken], theirs: Sequence[Taken], bar: float, more_s: float = 0.0
) -> bool:
    """Print the medians of wall and CPU; whether the wall is over the bar."""
    wall = statistics.median(t.wall for t in mine), statistics.median(t.wall for t in theirs)
    cpu = statistics.median(t.cpu for t in mine), statistics.median(t.cpu for t in theirs)
    shown = f"{bar}" + (f" and {more_s:g} s" if more_s else "")
    for name, (ours, peer) in (("wall", wall), ("CPU", cpu)):
        print(
            f"{what:<18} {name:<4}: ours {ours:.2f} s, papermill {peer:.2f} s, "
            f"ratio {ours / peer:.3f}, bar {shown}"
        )
    return wall[0] > bar * wall[1] + more_s


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["big", "small", "tour"]))
