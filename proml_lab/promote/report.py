"""The report: one page that needs no server and no script, for whoever asks what this is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.plots import html
from proml_lab.plots.style import CSS
from proml_lab.promote import account, blocks
from proml_lab.promote.blocks import Block, Table
from proml_lab.promote.gates import words as gates
from proml_lab.promote.lint import words as lint
from proml_lab.promote.run import times

if TYPE_CHECKING:
    from proml_lab.promote.assemble import Draft
    from proml_lab.promote.bundle import Manifest

_TITLES = {"comparison": "Beside other models", "evaluation": "In detail"}
_PAGE_CSS = (
    "body{margin:0;background:#fff;color:#1b1b1b}"
    "@media (prefers-color-scheme:dark){"
    "body:not([data-jp-theme-light]){background:#111;color:#ececec}}"
    "body[data-jp-theme-light=false]{background:#111;color:#ececec;color-scheme:dark}"
    ".proml.proml-report{max-width:1000px;margin:0 auto;padding:24px 20px 60px;font-size:15px}"
    ".proml-report h1{font-size:1.7em;margin:.2em 0 0;line-height:1.2}"
    ".proml-report h2{font-size:1.25em;margin:1.8em 0 .4em;padding-top:.6em;"
    "border-top:1px solid var(--proml-rule)}"
    ".proml-report .proml-lead{font-size:1.05em;color:var(--proml-soft)}"
    ".proml-report .proml-status{border:2px solid var(--proml-ink);padding:.5em .8em;"
    "margin:.8em 0;font-weight:600}"
    ".proml-report a{color:inherit}"
    ".proml-report ul{margin:.3em 0;padding-left:1.4em;max-width:75ch}"
    ".proml-report code{font:.92em/1.45 var(--jp-code-font-family,ui-monospace,monospace);"
    "overflow-wrap:anywhere}"
    ".proml-report section .proml{padding:0;background:none}"
    "main.proml.proml-report table td:not([align],.proml-whole){white-space:normal;min-width:0;"
    "overflow-wrap:break-word}"
    "main.proml.proml-report table th:not(.proml-whole){white-space:normal}"
    ".proml-report pre{white-space:pre-wrap}"
)


def page(draft: Draft, manifest: Manifest) -> str:
    """The whole page as HTML: the account of the model, pictures, checks, what ran, files.

    `draft` is the bundle as it lies on disk, `manifest` what will stand beside it. The page
    shows in light and dark, prints, and holds everything in itself.
    """
    style = f"<style>{CSS}{_PAGE_CSS}</style>"
    body = "".join((*_head(draft, manifest), *_sections(draft, manifest)))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(manifest.key)}: report</title>{style}</head>\n"
        f'<body><main class="proml proml-report">{body}</main></body></html>\n'
    )


def _head(draft: Draft, manifest: Manifest) -> Iterator[str]:
    """What it is, whether it may be used, when and on what it ran."""
    created = datetime.fromisoformat(manifest.created)
    spec = draft.spec
    lead = spec.description or f"Predicts {spec.label.column} with a {spec.learner.name} model."
    yield f"<h1>{escape(manifest.key)}</h1>"
    yield f'<p class="proml-lead">{escape(lead)}</p>'
    if status := account.status(draft):
        yield f'<p class="proml-status" role="note">{escape(status)}</p>'
    if manifest.override is not None:
        yield html.note(f"{gates.overridden(manifest.override)}.")
    yield html.note(f"Promoted {created:%Y-%m-%d %H:%M} UTC from {manifest.notebook}.")


def _sections(draft: Draft, manifest: Manifest) -> Iterator[str]:
    """What readers ask, in the order in which they ask it; then what experts look up."""
    reports = sorted(draft.recorded.reports.items())
    pictures = {name: _picture(draft.folder, name) for name, _ in reports}
    shown = [pictures.pop(name) for name, kind in reports if kind == "Explanation"]
    yield _section("What it predicts", *account.predicts(draft))
    yield _section("How well, and how sure", *account.quality(draft))
    yield _section("For whom it does worse", *account.fares_worse(draft))
    yield _section("What drives it", *account.drivers(draft), more="".join(shown))
    yield _section("On what data", *account.data(draft))
    yield _section("Limits", *account.limits(draft))
    yield _section("How to use it", *account.use(draft, manifest.key))
    yield _section("What it had to reach", *gates.blocks(manifest.gates, manifest.override))
    yield _section("What lint found", *lint.blocks(manifest.lint))
    for name, kind in reports:
        if name in pictures:
            yield _section(_titled(name, kind), more=pictures[name])
    yield _section("The run", *_run(draft))
    yield _section("The model in its own language", blocks.Code(draft.spec.to_yaml(), "yaml"))
    yield _section("What else is in the artifact", more=_rest())


def _section(title: str, *parts: Block, more: str = "") -> str:
    return f"<section><h2>{escape(title)}</h2>{blocks.html(parts)}{more}</section>\n"


def _picture(folder: Path, name: str) -> str:
    """What the report showed in the notebook, as it was kept."""
    return (folder / "reports" / f"{name}.html").read_text(encoding="utf-8")


def _run(draft: Draft) -> Iterator[Block]:
    """What it ran on, how long it took, and with which values."""
    yield _ground(draft.folder)
    yield times.summary(times.read(draft.folder / "notebook"))
    if draft.parameters:
        rows = tuple((name, str(value)) for name, value in draft.parameters.items())
        yield Table(("parameter", "value"), rows)
    else:
        yield "The notebook has no parameters."


def _rest() -> str:
    what = {
        "executed.ipynb": "the notebook as it ran, with its outputs",
        "cells.json": "how long each cell took, and how much memory",
        "source.ipynb": "the notebook as it was given",
        "../reports/card.md": "the card: the same in words",
        "../environment/pylock.toml": "every package with its exact version",
        "../manifest.json": "what this artifact is, and the sha256 of every file",
    }
    links = "".join(
        f'<li><a href="{escape(path)}">{escape(path.removeprefix("../"))}</a>: {escape(said)}</li>'
        for path, said in what.items()
    )
    return f"<ul>{links}</ul>"


def _ground(folder: Path) -> str:
    """What it ran on, in one line."""
    place = folder / "environment"
    ground = json.loads((place / "platform.json").read_text(encoding="utf-8"))
    n = len((place / "requirements.txt").read_text(encoding="utf-8").splitlines())
    return (
        f"Ran on Python {ground['python']}, {ground['system']} {ground['machine']}, {n} packages."
    )


def _titled(name: str, kind: str) -> str:
    """A heading for a report that is called `name` and is of this `kind`."""
    if name in _TITLES:
        return _TITLES[name]
    words = name.replace("_", " ").replace("-", " ").capitalize()
    return f"{words} ({kind.lower()})"
