"""Generators are seeded when their library is loaded, and none is loaded for it."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

from proml_lab.promote.freeze.randomness import source, variables

DRAW = """
import random, sys
{source}
assert not {{"numpy", "polars", "torch"}} & set(sys.modules)
import numpy as np, polars as pl
from importlib.resources import files
print(random.random(), np.random.rand(), np.random.permutation(9).tolist())
print(pl.Series(range(20)).shuffle().to_list(), hash("text"), list({{"a", "b", "c", "d", "e"}}))
print(np.random.__loader__ is np.random.__spec__.loader, files("numpy.random").is_dir())
"""


def draw(seed: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", DRAW.format(source=source(seed))],
        env={**os.environ, **variables(seed)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_the_same_seed_gives_the_same_draws_in_every_process() -> None:
    first, again, other = draw(5), draw(5), draw(6)
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]
    assert first[0].split()[1] == str(np.random.RandomState(5).rand())
    assert first[2] == "True True"


def test_what_is_loaded_already_is_seeded_at_once() -> None:
    code = f"import numpy as np, numpy.random\n{source(3)}\nprint(np.random.rand())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(np.random.RandomState(3).rand())


def test_torch_is_seeded_and_made_deterministic() -> None:
    """Of a stand-in that notes its calls: torch itself takes seconds to load."""
    stand_in = """
import sys, types
calls = []
sys.modules["torch"] = torch = types.ModuleType("torch")
torch.manual_seed = lambda seed: calls.append(("seed", seed))
torch.use_deterministic_algorithms = lambda on, warn_only: calls.append((on, warn_only))
torch.backends = types.SimpleNamespace(cudnn=types.SimpleNamespace())
"""
    code = f"{stand_in}\n{source(3)}\nprint(calls, vars(torch.backends.cudnn))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    want = "[('seed', 3), (True, True)] {'benchmark': False, 'deterministic': True}"
    assert done.stdout.strip() == want


def test_a_library_that_is_not_there_is_missing_as_ever() -> None:
    code = f"""
{source(3)}
sys = __import__("sys")
sys.path[:] = [p for p in sys.path if "site-packages" not in p]
try:
    import torch
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "No module named 'torch'"
