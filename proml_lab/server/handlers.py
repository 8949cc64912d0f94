"""The addresses under ``/proml/api/``: they only parse, call `Promotions` and answer in JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from proml_lab.contracts import Json
from proml_lab.errors import ProMLError, UnknownNameError, UsageError
from proml_lab.server.form import form
from proml_lab.server.promotions import Promotions
from proml_lab.server.state import Failure, Promotion

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

P = ParamSpec("P")
T = TypeVar("T")

_ID = r"(\d{8}-\d{6}-[0-9a-f]{6})"
_REPORT_POLICY = (
    "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# A frame does not see the theme around it: Jupyter's own mark tells it.
_MARKS = {"light": b' data-jp-theme-light="true"', "dark": b' data-jp-theme-light="false"'}


def add_handlers(server: ServerApp) -> None:
    """Serve the promotions of notebooks under the server's root."""
    promotions = Promotions(
        Path(server.root_dir), Path(jupyter_data_dir()) / "proml" / "workspaces.json"
    )
    api = url_path_join(server.web_app.settings["base_url"], "proml", "api")
    given = {"promotions": promotions}
    routes: list[tuple[str, type[web.RequestHandler], dict[str, Promotions]]] = [
        (url_path_join(api, "notebook"), NotebookHandler, given),
        (url_path_join(api, "promotions"), PromotionsHandler, given),
        (url_path_join(api, "promotions", _ID), PromotionHandler, given),
        (url_path_join(api, "promotions", _ID, "cancel"), CancelHandler, given),
        (url_path_join(api, "promotions", _ID, "partial"), PartialHandler, given),
        (url_path_join(api, "promotions", _ID, "report"), ReportHandler, given),
    ]
    server.web_app.add_handlers(".*$", routes)  # type: ignore[no-untyped-call]


class _Handler(APIHandler):
    auth_resource = "contents"

    def initialize(self, promotions: Promotions) -> None:
        self.promotions = promotions

    async def answer(
        self, work: Callable[P, Mapping[str, Json]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Do the work in a thread; one of our errors becomes its message and hint."""
        try:
            reply = await asyncio.to_thread(work, *args, **kwargs)
        except ProMLError as error:
            self.set_status(404 if isinstance(error, UnknownNameError) else 422)
            reply = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
        await self.finish(json.dumps(reply))


class NotebookHandler(_Handler):
    """GET ``notebook?path=…``: what the form asks for."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(self._form, self.get_query_argument("path", ""))

    def _form(self, path: str) -> Mapping[str, Json]:
        return {"path": path, **form(self.promotions.notebook(path))}


class PromotionsHandler(_Handler):
    """GET: the list, newest first. POST: start one."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(self._list)

    @web.authenticated
    @authorized
    async def post(self) -> None:
        await self.answer(self._start, self.get_json_body())

    def _list(self) -> Mapping[str, Json]:
        return {"promotions": [_shown(p, self.promotions) for p in self.promotions.recent()]}

    def _start(self, body: object) -> Mapping[str, Json]:
        match body:
            case {"path": str(path), "name": str(name), "parameters": dict(parameters)} if all(
                isinstance(text, str) for item in parameters.items() for text in item
            ):
                return _shown(self.promotions.start(path, name, parameters), self.promotions)
        raise UsageError(
            "A promotion is asked for with path, name and parameters.",
            hint="parameters maps names to the text that was typed.",
        )


class PromotionHandler(_Handler):
    """GET: one promotion. DELETE: drop it from the list once it has ended."""

    @web.authenticated
    @authorized
    async def get(self, key: str) -> None:
        await self.answer(lambda: _shown(self.promotions.get(key), self.promotions))

    @web.authenticated
    @authorized
    async def delete(self, key: str) -> None:
        await self.answer(self._forget, key)

    def _forget(self, key: str) -> Mapping[str, Json]:
        self.promotions.forget(key)
        return {}


class CancelHandler(_Handler):
    """POST: end a running promotion; answers when it has ended."""

    @web.authenticated
    @authorized
    async def post(self, key: str) -> None:
        await self.answer(lambda: _shown(self.promotions.cancel(key), self.promotions))


class PartialHandler(_Handler):
    """POST: lay the notebook of a failed run beside its source; answers with its path."""

    @web.authenticated
    @authorized
    async def post(self, key: str) -> None:
        relative = self.promotions.relative
        await self.answer(lambda: {"path": relative(self.promotions.partial(key))})


class ReportHandler(JupyterHandler):
    """GET ``report?theme=dark``: the report of a finished one, as a page that runs no script."""

    auth_resource = "contents"

    def initialize(self, promotions: Promotions) -> None:
        self.promotions = promotions

    @property
    def content_security_policy(self) -> str:
        return _REPORT_POLICY

    @web.authenticated
    @authorized
    async def get(self, key: str) -> None:
        try:
            page = await asyncio.to_thread(lambda: self.promotions.report(key).read_bytes())
        except ProMLError as error:
            raise web.HTTPError(404, error.message) from None
        mark = _MARKS.get(self.get_query_argument("theme", ""), b"")
        page = page.replace(b"<body>", b"<body" + mark + b">", 1)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        await self.finish(page)


def _shown(promotion: Promotion, promotions: Promotions) -> dict[str, Json]:
    """A promotion as the browser sees it: `Promotion` in ``extension/src/server.ts``."""
    return {
        "id": promotion.id,
        "path": promotions.relative(promotion.request.notebook),
        "name": promotion.request.name,
        "parameters": dict(promotion.request.parameters),
        "status": promotion.status,
        "fraction": promotion.fraction,
        "text": promotion.text,
        "elapsed_s": promotion.elapsed_s,
        "left_s": promotion.left_s,
        "version": promotion.version,
        "report": promotion.report is not None and promotion.report.is_file(),
        "failure": _why(promotion.failure) if promotion.failure else None,
    }


def _why(failure: Failure) -> dict[str, Json]:
    return {
        "error": failure.error,
        "message": failure.message,
        "hint": failure.hint,
        "excerpt": failure.excerpt,
        "notebook": failure.notebook is not None and failure.notebook.is_file(),
    }
