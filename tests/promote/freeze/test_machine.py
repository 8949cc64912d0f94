"""The machine under a run."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

from threadpoolctl import threadpool_info

from proml_lab.promote.freeze.machine import FEATURES, machine


def test_the_machine_is_this_one_and_stays_the_same() -> None:
    facts = machine()
    assert facts["python"] == platform.python_version()
    assert facts["machine"] == platform.machine()
    assert facts["cores"] == len(os.sched_getaffinity(0))
    assert facts == machine()


def test_features_are_those_that_numpy_sees() -> None:
    code = (
        "from numpy._core._multiarray_umath import __cpu_features__ as f; "
        "print(*(n.lower() for n, on in f.items() if on))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    numpys = set(told.stdout.split())
    features = machine()["cpu_features"]
    assert isinstance(features, list)
    named = {"avx", "avx2", "avx512f", "sve", "asimd"} & set(FEATURES)
    assert named & set(map(str, features)) == named & numpys


def test_the_blas_is_the_one_that_numpy_loads() -> None:
    import numpy as np

    np.ones((2, 2)) @ np.ones((2, 2))
    versions = {info.get("version") for info in threadpool_info()}
    assert str(machine()["blas"]).split()[-1] in versions
