"""The peak of a process and of those that it starts."""

from __future__ import annotations

import subprocess
import sys
import time

from proml_lab.promote.run.memory import Meter

CHILD = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "a = bytearray(b'x') * 150_000_000; input()"])
"""


def test_the_tree_counts_and_what_was_before_does_not() -> None:
    process = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE)
    try:
        meter = Meter(process.pid)
        meter.begin()
        deadline = time.monotonic() + 30
        while meter.end() < 150_000_000 and time.monotonic() < deadline:
            meter.sample()
            time.sleep(0.1)
        assert meter.end() > 150_000_000
        meter.begin()
        assert meter.end() < 100_000_000
    finally:
        process.communicate(b"\n")
    assert meter.end() < 100_000_000
