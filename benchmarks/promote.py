"""Runs of notebooks against papermill with its defaults, in one go: wall time, CPU, bytes written.

The same notebooks, parameters, folder and kernel on both sides; equal outputs are checked where no
clock is shown. Both are imported before the clock starts. The sides take turns, and every other
turn the other begins. What else a machine does can only make a run longer, so the bars are for the
ratio of the best wall times; the medians and the CPU stand beside, and CPU, that of this process
and of the kernels, says more where the machine is busy. Bytes are those that this process wrote
(Linux), over the final notebook's, the worst of all runs. Ends with 1 if a bar is missed.

Run: python benchmarks/promote.py [big|small|tour ...] [--repeats N]
"""

from __future__ import annotations

import argparse
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
REPEATS = {"big": 6, "small": 6, "tour": 4}
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


def main(parts: Sequence[str], repeats: int | None) -> int:
    """Print a few lines a part; 1 if a bar is missed."""
    import papermill.execute  # noqa: F401

    missed = False
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = f"{folder}/settings"  # the key is made anew, and goes
        for part in parts:
            work = Path(folder) / part
            work.mkdir()
            n = repeats or REPEATS[part]
            missed |= tour(work, n) if part == "tour" else cells(work, part, n)
    return int(missed)


def cells(work: Path, part: str, repeats: int) -> bool:
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

    mine, theirs = in_turns(ours, lambda i: bare(path, work / f"theirs-{i}.ipynb"), repeats)
    assert mine[0].texts == theirs[0].texts, "the outputs differ"
    what = "30 cells of 1 MB" if part == "big" else "200 trivial cells"
    missed = told(what, mine, theirs, BARS[part])
    more, peer = (max(t.written / t.size for t in side) for side in (mine, theirs))
    over = part == "big" and more > BYTES_BAR
    bar = f", bar {BYTES_BAR}: {verdict(missed=over)}" if part == "big" else ""
    print(f"{'':<18} bytes written over the notebook's: ours {more:.2f}, papermill {peer:.1f}{bar}")
    return missed or over


def tour(work: Path, repeats: int) -> bool:
    """The tour promoted, over the tour run by papermill; whether the bar is missed.

    The first promotion makes the registry's tables, once in a workspace's life.
    """
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

    mine, others = in_turns(ours, theirs, repeats)
    return told("the tour", mine, others, TOUR_BAR, TOUR_MORE_S)


def bare(path: Path, output: Path) -> Path:
    """papermill with its defaults."""
    from papermill.execute import execute_notebook

    execute_notebook(path, output, progress_bar=False, cwd=path.parent)
    return output


def in_turns(
    ours: Callable[[int], Path], theirs: Callable[[int], Path], repeats: int
) -> tuple[list[Taken], list[Taken]]:
    mine: list[Taken] = []
    others: list[Taken] = []
    sides = [(others, theirs), (mine, ours)]
    for i in range(repeats):
        for side, work in sides:
            side.append(taken(work, i))
        sides.reverse()
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
    """Print best and median of wall and CPU; whether the best wall is over the bar."""
    wall = [t.wall for t in mine], [t.wall for t in theirs]
    cpu = [t.cpu for t in mine], [t.cpu for t in theirs]
    for name, (ours, peer) in (("wall", wall), ("CPU", cpu)):
        best, other = min(ours), min(peer)
        middle = statistics.median(ours), statistics.median(peer)
        print(
            f"{what:<18} {name:<4}: best of {len(ours)}: ours {best:.2f} s, "
            f"papermill {other:.2f} s, ratio {best / other:.3f}; "
            f"medians {middle[0]:.2f} s and {middle[1]:.2f} s"
        )
    most = bar * min(wall[1]) + more_s
    missed = min(wall[0]) > most
    more = f" + {more_s:g} s" if more_s else ""
    said = f"bar {bar} x papermill{more} = {most:.2f} s"
    print(f"{'':<18} {said}, ours {min(wall[0]):.2f} s: {verdict(missed=missed)}")
    return missed


def verdict(*, missed: bool) -> str:
    return "MISSED" if missed else "passed"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help="big, small, tour; all of them")
    parser.add_argument("--repeats", type=int, help="runs of each side")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(REPEATS):
        parser.error(f"there is no part {sorted(unknown)[0]!r}")
    sys.exit(main(given.parts or list(REPEATS), given.repeats))
