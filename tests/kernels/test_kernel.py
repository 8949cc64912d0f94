"""Compiled loops: what an interrupt does to them."""

from __future__ import annotations

import subprocess
import sys

_INTERRUPTED = """
import os, signal, threading, time
import numpy as np
from proml_lab.kernels import numbering

values = np.random.default_rng(0).integers(0, 1000, 10_000_000)
hashes, there = numbering.mixed(values), np.empty(0, np.bool_)
small = numbering.number_ints(values[:9], hashes[:9], there)

threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    while True:
        numbering.number_ints(values, hashes, there)
except KeyboardInterrupt as interrupt:
    print("interrupted", interrupt.__cause__)
again = numbering.number_ints(values[:9], hashes[:9], there)
print(all(np.array_equal(one, other) for one, other in zip(small, again, strict=True)))
"""


def test_an_interrupt_in_a_loop_ends_neither_python_nor_the_loops() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "interrupted None\nTrue\n"), done.stderr
