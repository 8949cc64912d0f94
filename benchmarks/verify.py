"""Verification against ``sha256sum`` and OpenSSF model signing: an artifact of 500 MB.

Run: python benchmarks/verify.py [--mb 500] [--repeats 3]
Each repeat takes all of them in turn on the same files, which lie in the disk's cache, every other
time in the other order; the ratio is of the best times. Bar: no longer than the quicker of the two
that only digest, and a tenth, for `verify` is to go at the speed of sha256. Two peers only digest,
a file after the other: ``sha256sum``, which knows nothing of the processor's own instructions, and
``openssl sha256``, which does. The third checks the same signature. Ends with 1 if the bar is
missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from model_signing import verifying

from proml_lab.marketplace.workspace import Workspace
from proml_lab.promote import bundle, verify
from proml_lab.promote.bundle import Manifest
from proml_lab.promote.trust import sign, signing_key

SHARES = (0.4, 0.3, 0.1, 0.1, 0.05, 0.05)
N_SMALL = 60
BAR = 1.1
DIGESTS = ("sha256sum", "openssl sha256")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=500, help="size of the artifact")
    parser.add_argument("--repeats", type=int, default=4)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = f"{folder}/settings"
        return measure(make(Path(folder), args.mb), args.repeats, args.mb)


def make(root: Path, megabytes: int) -> Path:
    """A signed artifact: a few large files, as snapshots of data are, and many small ones."""
    folder = root / "artifact"
    rng = np.random.default_rng(7)
    sizes = [int(share * megabytes * 1e6) for share in SHARES] + [20_000] * N_SMALL
    for i, size in enumerate(sizes):
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "data" / f"{i}.parquet").write_bytes(rng.bytes(size))
    (folder / "model").mkdir()
    (folder / "model" / "model.json").write_text(json.dumps({"files": {}}))
    key = signing_key(Workspace(root))
    (folder / bundle.PUBLIC).write_bytes(key.public.pem)
    facts = {"learner": "none", "task": "binary", "label": "y", "data": ""}
    manifest = Manifest(
        name="large",
        version=1,
        created="2026-01-01T00:00:00+00:00",
        notebook="large.ipynb",
        parameters={},
        model=facts,
        files=bundle.index(folder),
    )
    bundle.write_json(folder / bundle.MANIFEST, manifest.model_dump(mode="json"))
    sign(folder, key)
    return folder


def measure(folder: Path, repeats: int, megabytes: int) -> int:
    each = f"find {folder} -type f -print0 | xargs -0 {{}} > /dev/null"
    config = verifying.Config().use_elliptic_key_verifier(public_key=folder / bundle.PUBLIC)
    rows: dict[str, Callable[[], object]] = {
        "proml verify": lambda: verify(folder).require(),
        "sha256sum": lambda: shell(each.format("sha256sum")),
        "openssl sha256": lambda: shell(each.format("openssl sha256")),
        "model_signing": lambda: config.verify(folder, folder / bundle.SIGNATURE),
    }
    best = dict.fromkeys(rows, float("inf"))
    for turn in range(repeats):
        for name, run in [*rows.items()][:: -1 if turn % 2 else 1]:
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    ours = best["proml verify"]
    print(f"{megabytes} MB in {len(SHARES) + N_SMALL} files, {os.cpu_count()} processors")
    for name, seconds in best.items():
        rate = megabytes / 1000 / seconds
        print(f"{name:<16} {seconds:6.2f} s  {rate:5.2f} GB/s  proml takes x {ours / seconds:.2f}")
    ratio = ours / min(best[name] for name in DIGESTS)
    missed = ratio > BAR
    print(f"ratio to the quicker digest {ratio:.2f}, bar {BAR}: {'MISSED' if missed else 'passed'}")
    return int(missed)


def shell(command: str) -> None:
    subprocess.run(["bash", "-c", command], check=True)


if __name__ == "__main__":
    sys.exit(main())
