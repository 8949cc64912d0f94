"""States of widgets: followed by their messages, kept as notebooks keep them."""

from __future__ import annotations

from typing import Any

from proml_lab.promote.run.widgets import MIME, Widgets


def message(key: str, data: dict[str, Any], buffers: tuple[bytes, ...] = ()) -> dict[str, Any]:
    return {
        "header": {"msg_type": "comm_msg"},
        "content": {"comm_id": key, "data": data},
        "buffers": buffers,
    }


def test_states_are_kept_with_their_buffers() -> None:
    widgets = Widgets()
    model = {"_model_name": "SliderModel", "_model_module": "m", "_model_module_version": "2"}
    opened = {"state": {**model, "value": 1}, "buffer_paths": [["image"], ["many", 0]]}
    widgets.take(message("a", opened, (b"hello", b"x")))
    widgets.take(message("a", {"state": {"value": 2}}))
    widgets.take(message("a", {"method": "custom", "content": {}}))
    widgets.take(message("b", {"state": {"only": "a part"}}))
    assert widgets.metadata() == {
        MIME: {
            "version_major": 2,
            "version_minor": 0,
            "state": {
                "a": {
                    "model_name": "SliderModel",
                    "model_module": "m",
                    "model_module_version": "2",
                    "state": {**model, "value": 2},
                    "buffers": [
                        {"path": ["image"], "encoding": "base64", "data": "aGVsbG8="},
                        {"path": ["many", 0], "encoding": "base64", "data": "eA=="},
                    ],
                }
            },
        }
    }


def test_without_widgets_there_is_nothing() -> None:
    assert Widgets().metadata() == {}
    assert Widgets().catcher("r") is None
