"""Start-up: importing the package, loading the magic, the first words it says.

Each figure is the median of several fresh processes or kernels; imports are over bare Python or
over a kernel that has run a cell. Limits are those that the project promises.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

IMPORT = "import time; t = time.perf_counter(); import proml_lab; print(time.perf_counter() - t)"
TIMED = """
import time as _time
_start = _time.perf_counter()
_shell = get_ipython()
{call}
print(_time.perf_counter() - _start)
"""
STEPS = (
    ("%load_ext proml_lab", '_shell.run_line_magic("load_ext", "proml_lab")', 0.15),
    ("%proml help", '_shown = repr(_shell.run_line_magic("proml", "help"))', 0.30),
    ("%proml features wind, first", "", 0.0),
    ("%proml features wind", "", 0.30),
)
FEATURES = '_shown = _shell.run_line_magic("proml", "features wind")._repr_mimebundle_()'


def main() -> int:
    """Print the table; 1 if a promise is broken."""
    rows = [("import proml_lab, over bare Python", bare_import(), 0.05)]
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "flights"
        from proml_lab.marketplace.example import make_flights

        make_flights(workspace)
        taken = [in_kernel(workspace, Path(folder)) for _ in range(5)]
    for i, (name, _, limit) in enumerate(STEPS):
        rows.append((name, statistics.median(times[i] for times in taken), limit))
    broken = 0
    print(f"{'what':<36} {'ms':>7} {'at most':>8}")
    for name, seconds, limit in rows:
        late = bool(limit) and seconds > limit
        broken += late
        shown = f"{limit * 1e3:.0f}" if limit else "–"
        print(f"{name:<36} {seconds * 1e3:>7.1f} {shown:>8}{'  too slow' if late else ''}")
    return 1 if broken else 0


def bare_import() -> float:
    """Seconds that ``import proml_lab`` takes in a fresh interpreter."""
    runs = [
        float(
            subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, check=True).stdout
        )
        for _ in range(9)
    ]
    return statistics.median(runs)


def in_kernel(workspace: Path, runtime: Path) -> list[float]:
    """Seconds of each of `STEPS` in a fresh kernel that has run one cell before."""
    from jupyter_client import KernelManager

    manager = KernelManager(transport="ipc", ip=str(runtime / f"k{time.monotonic_ns()}"))
    manager.start_kernel(cwd=str(workspace))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive("1 + 1", output_hook=lambda _: None, timeout=60)
        calls = [call or FEATURES for _, call, _ in STEPS]
        return [_said(client, TIMED.format(call=call)) for call in calls]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _said(client: object, code: str) -> float:
    lines: list[str] = []

    def hook(message: dict[str, dict[str, str]]) -> None:
        if message["msg_type"] == "stream":  # type: ignore[comparison-overlap]
            lines.append(message["content"]["text"])
        if message["msg_type"] == "error":  # type: ignore[comparison-overlap]
            raise RuntimeError("\n".join(message["content"]["traceback"]))

    client.execute_interactive(code, output_hook=hook, timeout=120)  # type: ignore[attr-defined]
    return float("".join(lines))


if __name__ == "__main__":
    sys.exit(main())
