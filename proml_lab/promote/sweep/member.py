"""The process of one promotion of a sweep: ``python -m proml_lab.promote.sweep.member``.

Reads one line of JSON, what to promote, from standard input, and answers in lines of JSON on
standard output: ``{"part": …, "words": …}`` as it goes, ``{"ended": …}`` at the end. Where
standard input ends before that, the sweep is gone and so is this promotion.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO, cast

from proml_lab.contracts import Json
from proml_lab.errors import ProMLError


def main() -> int:
    """Promote; 0 where there is an artifact that was not rejected."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    request = json.loads(sys.stdin.readline())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what anything prints is no answer
    threading.Thread(target=_watch, daemon=True).start()
    try:
        ended = _promote(request, answers)
    except KeyboardInterrupt:
        os._exit(130)  # what still imports or opens in a thread is not waited for
    except ProMLError as error:
        ended = _failure(error)
    answers.write(json.dumps({"ended": ended}) + "\n")
    return 0 if ended["state"] == "registered" else 1


def _promote(request: dict[str, Json], answers: TextIO) -> dict[str, Json]:
    from proml_lab.promote.promotion import promote

    def tell(part: float, words: str) -> None:
        answers.write(json.dumps({"part": part, "words": words}) + "\n")

    notebook, name, workspace = (str(request[k]) for k in ("notebook", "name", "workspace"))
    values = cast(Mapping[str, object], request["parameters"])
    options = cast(Mapping[str, Any], request["options"])  # as `sweep` was given them
    artifact = promote(
        notebook,
        name,
        values,
        workspace=Path(workspace),
        progress=tell,
        **options,
    )
    return {"state": "registered", "path": str(artifact.path)}


def _failure(error: ProMLError) -> dict[str, Json]:
    from proml_lab.promote.artifact import Artifact

    made = getattr(error, "artifact", None)
    path = str(made.path) if isinstance(made, Artifact) else ""
    state = "rejected" if path else "failed"
    return {"state": state, "path": path, "problem": error.message, "hint": error.hint}


def _watch() -> None:
    """Interrupt this process when nobody holds its standard input any more."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
