"""A small workspace, and a real IPython kernel in one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from jupyter_client import BlockingKernelClient, KernelManager


@dataclass
class Reply:
    """What a cell did: `plain` and `html` are of its last rich output."""

    stdout: str = ""
    stderr: str = ""
    error: str = ""
    bundles: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    payload: list[dict[str, Any]] = field(default_factory=list)

    @property
    def plain(self) -> str:
        return str(self.bundles[-1]["text/plain"]) if self.bundles else ""

    @property
    def html(self) -> str:
        return str(self.bundles[-1].get("text/html", "")) if self.bundles else ""


class Kernel:
    """A fresh kernel over IPC, which has no ports to lose."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.manager = KernelManager(transport="ipc", ip=str(runtime / "k"))
        self.manager.start_kernel(cwd=str(folder))
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str) -> Reply:
        """Run a cell and wait for all that it says."""
        reply = Reply()

        def hook(message: dict[str, Any]) -> None:
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    if content["name"] == "stdout":
                        reply.stdout += content["text"]
                    else:
                        reply.stderr += content["text"]
                case "error":
                    reply.error = "\n".join(content["traceback"])
                case "execute_result" | "display_data":
                    reply.bundles.append(content["data"])
                case "update_display_data":
                    reply.updates.append(content["data"])

        done = self.client.execute_interactive(code, output_hook=hook, timeout=120)
        reply.payload = done["content"].get("payload", [])
        return reply

    def complete(self, code: str) -> list[str]:
        """What the kernel offers at the end of `code`, as whole texts."""
        answer = self.client.complete(code, len(code), reply=True, timeout=60)["content"]
        return [code[: answer["cursor_start"]] + match for match in answer["matches"]]

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


VIEWS = {
    "weather.yaml": """
view: weather.hourly
description: What the weather was.
owner: met-office
tags: [weather]
source: sources/weather.parquet
entities: [origin]
event_time: at
known_at: {delay: 1h}
features:
  temp: {type: float, unit: °C, description: Temperature.}
  wind: {type: float, unit: km/h, description: Speed of the wind., tags: [gusts]}
""",
    "fleet.yaml": """
view: fleet.planes
description: What is known of a plane.
owner: engineering
source: sources/planes.parquet
entities: [plane]
features:
  seats: {type: integer, description: Seats of the plane.}
  maker: {type: string, description: Who made it.}
""",
}
SPEC = """
proml: 1
name: delay
label: late
spine: {source: flights, entities: [origin, plane], cutoff: cutoff}
features:
  - weather.hourly
  - fleet.planes: [seats]
split: {by: time, test: 0.25}
learner: {trees: {n_trees: 20, num_leaves: 7}}
evaluate: [auc, log_loss]
"""


def make_small(folder: Path) -> Path:
    """A workspace of 800 made-up flights, late when it blows."""
    rng = np.random.default_rng(7)
    start = datetime(2013, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=i) for i in range(200)]
    wind = rng.gamma(2.0, 8.0, 200)
    n = 800
    hour = rng.integers(5, 195, n)
    late = rng.random(n) < 1 / (1 + np.exp(3 - wind[hour] / 6))
    frames = {
        "weather": {"origin": ["JFK"] * 200, "at": hours, "temp": rng.normal(5, 3, 200)}
        | {"wind": wind},
        "planes": {"plane": [f"N{i}" for i in range(40)], "seats": rng.integers(50, 300, 40)}
        | {"maker": ["A", "B"] * 20},
        "flights": {
            "flight": np.arange(n),
            "origin": ["JFK"] * n,
            "plane": [f"N{i}" for i in rng.integers(0, 40, n)],
            "cutoff": [start + timedelta(hours=int(h) + 1, minutes=30) for h in hour],
            "late": late,
        },
    }
    (folder / "features").mkdir(parents=True)
    (folder / "sources").mkdir()
    (folder / "proml.toml").touch()
    for name, columns in frames.items():
        pl.DataFrame(columns).write_parquet(folder / "sources" / f"{name}.parquet")
    for name, text in VIEWS.items():
        (folder / "features" / name).write_text(text, encoding="utf-8")
    (folder / "delay.proml.yaml").write_text(SPEC.lstrip(), encoding="utf-8")
    return folder


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh small workspace, which is the current folder."""
    monkeypatch.delenv("PROML_WORKSPACE", raising=False)
    folder = make_small(tmp_path / "small")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel in a small workspace, the magic loaded."""
    folder = make_small(tmp_path_factory.mktemp("kernel") / "small")
    started = Kernel(folder, tmp_path_factory.mktemp("ipc"))
    try:
        loaded = started.run("%load_ext proml_lab")
        assert loaded == Reply(), loaded
        yield started
    finally:
        started.close()
