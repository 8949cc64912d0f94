"""The Jupyter Server extension behind the Lab panels: promotions, their progress, their reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "proml_lab.server"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Called once by the Jupyter server when it starts."""
    from proml_lab.server.handlers import add_handlers

    add_handlers(server)
