"""The process of one promotion: ``python -m proml_lab.server.job FOLDER``.

It belongs to nobody: the tab and the Jupyter server may go; what becomes of it is in FOLDER.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

from proml_lab.contracts import Json
from proml_lab.errors import ProMLError, RunError
from proml_lab.server import state


def main(folder: Path) -> int:
    """Promote what ``request.json`` asks for; 0 when there is an artifact, else 1."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    promotion = state.read(folder)
    if promotion is None:
        print(f"{folder} holds no request.", file=sys.stderr)
        return 1
    state.save_process(folder, os.getpid())
    try:
        result = _promote(promotion.request, folder)
    except KeyboardInterrupt:
        result = {"status": "cancelled"}
    except ProMLError as error:
        result = _failure(error)
    except Exception as error:  # the job's edge: whatever it is, the panel has to tell it
        traceback.print_exc()
        result = _failure(error, f"the traceback is in {folder / 'log.txt'}.")
    if result["status"] != "done" and (folder / "cancelled").exists():
        result = {"status": "cancelled"}
    state.save(folder / "result.json", {**result, "ended": time.time()})
    if result["status"] == "cancelled":
        sys.stdout.flush()
        os._exit(1)  # what still imports or opens in a thread is not waited for
    return 0 if result["status"] == "done" else 1


def _promote(request: state.Request, folder: Path) -> dict[str, Json]:
    from proml_lab.marketplace.workspace import open_workspace
    from proml_lab.promote import inspect, promote

    with (folder / "progress.jsonl").open("a", encoding="utf-8", buffering=1) as lines:

        def tell(fraction: float, text: str) -> None:
            lines.write(json.dumps({"fraction": fraction, "text": text}) + "\n")

        tell(0.0, "reading the notebook")
        artifact = promote(
            request.notebook,
            request.name,
            inspect(request.notebook).read(request.parameters),
            workspace=open_workspace(request.workspace),
            progress=tell,
        )
    return {
        "status": "done",
        "version": artifact.version,
        "folder": str(artifact.path),
        "report": str(artifact.report),
    }


def _failure(error: Exception, hint: str = "") -> dict[str, Json]:
    text = error.message if isinstance(error, ProMLError) else f"{type(error).__name__}: {error}"
    message, _, excerpt = text.partition("\n")
    return {
        "status": "failed",
        "error": type(error).__name__,
        "message": message,
        "hint": error.hint if isinstance(error, ProMLError) else hint,
        "excerpt": excerpt,
        "notebook": error.notebook if isinstance(error, RunError) else "",
    }


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
