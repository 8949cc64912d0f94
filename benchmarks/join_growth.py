"""How the cost of a join grows with labels and with rows: the picture docs/images/join-growth.svg.

One view with four features is joined by `join.py` in a process of its own, for 1,000 to
1,000,000 labels of 1,000,000 rows and for 10,000 to 10,000,000 rows at 100,000 labels. CPU seconds
are drawn, the least of some runs, and dotted what growth in proportion would be from the last point
back. What stands above it on the left is what a join costs to begin, however small it is.

Run: python benchmarks/join_growth.py [runs]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import plotly.graph_objects as go
from join import alone, make

from proml_lab.plots.svg import to_svg

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "join-growth.svg"
BY_LABELS = [(n, 1_000_000) for n in (1_000, 10_000, 100_000, 1_000_000)]
BY_ROWS = [(100_000, n) for n in (10_000, 100_000, 1_000_000, 10_000_000)]


def main(runs: int) -> None:
    figure = go.Figure()
    for name, cases, place in (
        ("labels, of 1,000,000 rows", BY_LABELS, 0),
        ("rows, at 100,000 labels", BY_ROWS, 1),
    ):
        sizes = [case[place] for case in cases]
        seconds = [cpu(*case, runs) for case in cases]
        for size, second in zip(sizes, seconds, strict=True):
            print(f"{size:>12,} {name:26} {second:8.3f} CPU s", flush=True)
        straight = [seconds[-1] * size / sizes[-1] for size in sizes]
        figure.add_scatter(x=sizes, y=seconds, mode="lines+markers", name=name)
        figure.add_scatter(x=sizes, y=straight, mode="lines", line_dash="dot", name="in proportion")
    figure.update_layout(
        xaxis={"type": "log", "title": {"text": "labels or rows"}},
        yaxis={"type": "log", "title": {"text": "CPU seconds"}},
    )
    PICTURE.write_text(to_svg(figure, label="CPU seconds of a join by labels and by rows"))


def cpu(n_labels: int, n_rows: int, runs: int) -> float:
    """The least CPU seconds of some runs."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), n_labels, 1, n_rows)
        return min(alone(Path(folder), "ours")["cpu"] for _ in range(runs))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
