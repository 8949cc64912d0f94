"""Network access: libraries that do nothing else, and addresses given to readers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from proml_lab.promote.lint.calls import Calls
from proml_lab.promote.lint.files import URL
from proml_lab.promote.lint.subject import Seen

_LIBRARIES = {
    *("requests", "urllib3", "httpx", "aiohttp", "ftplib", "smtplib", "poplib", "imaplib"),
    *("telnetlib", "paramiko", "boto3", "botocore", "s3fs", "gcsfs", "adlfs", "websocket"),
    *("websockets", "pycurl", "httplib2", "huggingface_hub", "kaggle", "kagglehub", "wget"),
    *("xmlrpc", "grpc", "pymongo", "redis", "psycopg", "psycopg2", "pymysql", "snowflake"),
    *("yfinance", "openai", "anthropic", "tweepy", "praw"),
}
_MODULES = {"urllib.request", "http.client", "google.cloud", "azure.storage"}
_CALLS = re.compile(
    r"urllib\.request\.\w+|socket\.(?:socket|create_connection|gethostbyname)"
    r"|sklearn\.datasets\.fetch_\w+|seaborn\.load_dataset|statsmodels\.\w+\.\w*get_rdataset"
    r"|torch\.hub\.load\w*|sqlalchemy\.create_engine|nltk\.download|openml\.datasets\.get_dataset"
)
_PLACES = re.compile(r".*\.(?:read|scan)_\w+|.*\bopen\w*|.*\.urlopen|.*\.load\w*|.*\.connect")


def check(calls: Calls) -> Iterator[Seen]:
    """PN040: each import of such a library, each call with an address."""
    for cell, node in calls.nodes:
        for name in _imported(node):
            parts = name.split(".")
            if parts[0] in _LIBRARIES or ".".join(parts[:2]) in _MODULES:
                yield Seen("PN040", cell.number, getattr(node, "lineno", 1), f"import {name}")
                break
    for call in calls.all:
        where = call.cell.number, call.line
        imported = call.name.startswith("urllib.request.")  # told by its import
        if _CALLS.fullmatch(call.name) and not imported:
            local = call.name == "sqlalchemy.create_engine" and _is_local(call.node, calls)
            if not local:
                yield Seen("PN040", *where, call.shown)
        elif _PLACES.fullmatch(call.name):
            for arg in (*call.node.args, *(k.value for k in call.node.keywords)):
                text = calls.text(arg)
                if text and URL.match(text) and not text.startswith(("file:", "sqlite:")):
                    yield Seen("PN040", *where, f"{call.shown} of {text!r}")
                    break


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return [f"{module}.{alias.name}" for alias in names]
    return []


def _is_local(node: ast.Call, calls: Calls) -> bool:
    text = calls.text(node.args[0]) if node.args else None
    return text is None or text.startswith(("sqlite", "duckdb"))
