"""The machine under a run: Python, processor, C library, and the libraries that do the sums."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from proml_lab.contracts import Json

FEATURES = (
    *("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl"),
    *("avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16"),
    *("asimd", "asimdhp", "asimddp", "sve", "sve2", "bf16", "i8mm"),
)
"""Instructions of a processor that numeric libraries choose their code by."""


def machine() -> dict[str, Json]:
    """What a run's numbers may depend on; nothing that changes from run to run on one machine.

    ``cores`` are those that this process may use. Memory, load and clock speed are left out.
    """
    told = _processor()
    flags = set(told.get("flags", told.get("Features", "")).split())
    features: list[Json] = [name for name in FEATURES if name in flags]
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "cpu": told.get("model name") or platform.processor() or platform.machine(),
        "cpu_features": features,
        "cores": _cores(),
        "blas": _blas(),
    }


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _processor() -> dict[str, str]:
    """The first processor of Linux's list; nothing elsewhere."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return {}
    first = path.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _blas() -> str:
    """The linear algebra library that NumPy was built with, and its version."""
    import numpy as np

    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', '')} {blas.get('version', '')}".strip()
