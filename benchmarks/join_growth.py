"""How the cost of a join grows with labels and with rows: the picture docs/images/join-growth.svg.

One view with four features is read and joined as in `join.py`: 10,000 to 10,000,000 labels of
10,000 rows, and 100,000 to 100,000,000 rows at 1,000 labels (4 GB of disk, 3 GB of memory). Each
size runs in a process of its own, again and again for two CPU seconds at least, and what is drawn
is the CPU time of one join above that of the smallest, with ten labels or rows: to begin costs a
hundredth of a second whatever the size. The slope is that of a straight line through the
logarithms: 1 is growth in proportion.

Run: python benchmarks/join_growth.py [CPU seconds for each size]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from join import limits, make, ours

from proml_lab.plots.svg import to_svg

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "join-growth.svg"
LEAST = 10
SMALL_S = 0.1
FILE = 10_000_000
"""Rows of a file: more are a folder of such files."""
CURVES = [
    ("labels", [10_000, 100_000, 1_000_000, 10_000_000], lambda n: (n, 10_000)),
    ("rows", [100_000, 1_000_000, 10_000_000, 100_000_000], lambda n: (1_000, n)),
]


def main(least_s: float) -> None:
    figure = go.Figure()
    for name, sizes, case in CURVES:
        begin = cpu(*case(LEAST), least_s)
        print(f"{LEAST:>12,} {name:8}{begin:10.4f} CPU s", flush=True)
        above = []
        for size in sizes:
            seconds = cpu(*case(size), least_s)
            above.append(seconds - begin)
            print(f"{size:>12,} {name:8}{seconds:10.4f} CPU s, {above[-1]:10.4f} above", flush=True)
        slope = float(np.polyfit(np.log(sizes), np.log(above), 1)[0])
        print(f"slope {slope:.2f}")
        figure.add_scatter(
            x=sizes, y=above, mode="lines+markers", name=f"{name}, slope {slope:.2f}"
        )
    figure.update_layout(
        xaxis={"type": "log", "title": {"text": "labels or rows"}},
        yaxis={"type": "log", "title": {"text": "CPU seconds"}},
    )
    PICTURE.write_text(to_svg(figure, label="CPU seconds of a join by labels and by rows"))


def cpu(n_labels: int, n_rows: int, least_s: float) -> float:
    """CPU seconds of one join, by a process of its own; the least of three for a small one."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), n_labels, 1, n_rows, n_files=max(1, n_rows // FILE))
        command = [sys.executable, __file__, "--in", folder, str(least_s)]

        def once() -> float:
            done = subprocess.run(
                command, env=limits(), stdout=subprocess.PIPE, text=True, check=True
            )
            return float(done.stdout)

        found = once()
        return min(found, once(), once()) if found < SMALL_S else found


def repeat(folder: Path, least_s: float) -> None:
    work = ours(folder)
    start, n = time.process_time(), 0
    while time.process_time() - start < least_s:
        work()
        n += 1
    print((time.process_time() - start) / n)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in"]:
        repeat(Path(sys.argv[2]), float(sys.argv[3]))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
