"""The state of widgets, kept so that they show in the notebook that was run."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proml_lab.promote.run.kernel import Message

MIME = "application/vnd.jupyter.widget-state+json"


class Widgets:
    """Follows the messages by which widgets tell a page of their state."""

    def __init__(self) -> None:
        self._states: dict[str, dict[str, Any]] = {}
        self._buffers: dict[str, dict[tuple[str | int, ...], dict[str, object]]] = {}

    def take(self, message: Message) -> None:
        """Keep the state that a ``comm_open`` or ``comm_msg`` carries; others have none."""
        content = message["content"]
        data = content.get("data")
        if not isinstance(data, Mapping) or "state" not in data:
            return
        key = content["comm_id"]
        self._states.setdefault(key, {}).update(data["state"])
        buffers = message.get("buffers") or ()
        for path, buffer in zip(data.get("buffer_paths") or (), buffers, strict=False):
            text = base64.b64encode(bytes(buffer)).decode("ascii")
            entry = {"path": path, "encoding": "base64", "data": text}
            self._buffers.setdefault(key, {})[tuple(path)] = entry

    def catcher(self, request: str) -> dict[str, Any] | None:
        """State of the widget that catches the outputs of `request`, as ``with Output():`` does."""
        for state in reversed(self._states.values()):
            if state.get("_model_name") == "OutputModel" and state.get("msg_id") == request:
                return state
        return None

    def metadata(self) -> dict[str, object]:
        """What goes under `widgets` into the notebook's metadata; empty without widgets."""
        models: dict[str, object] = {}
        for key, state in self._states.items():
            if "_model_name" not in state:
                continue
            entry = {
                "model_name": state["_model_name"],
                "model_module": state.get("_model_module"),
                "model_module_version": state.get("_model_module_version"),
                "state": state,
            }
            if buffers := self._buffers.get(key):
                entry["buffers"] = list(buffers.values())
            models[key] = entry
        if not models:
            return {}
        return {MIME: {"state": models, "version_major": 2, "version_minor": 0}}
