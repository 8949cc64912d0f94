"""The report: one page that needs no server and no script, for whoever asks what this is."""

from __future__ import annotations

import json
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots import html
from proml_lab.plots.style import CSS
from proml_lab.promote import card
from proml_lab.promote.gates import words
from proml_lab.promote.run import times

if TYPE_CHECKING:
    from proml_lab.promote.assemble import Draft
    from proml_lab.promote.bundle import Manifest

_TITLES = {
    "comparison": "Beside other models",
    "evaluation": "In detail",
    "explanation": "What drives it",
}
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
    ".proml-report a{color:inherit}"
    ".proml-report section .proml{padding:0;background:none}"
    "main.proml.proml-report table td:not([align]){white-space:normal;min-width:0}"
    "main.proml.proml-report table th{white-space:normal}"
    ".proml-report pre{white-space:pre-wrap}"
)


def page(draft: Draft, manifest: Manifest) -> str:
    """The whole page as HTML: figures, pictures, data, parameters, environment, files.

    `draft` is the bundle as it lies on disk, `manifest` what will stand beside it. The page
    shows in light and dark, prints, and holds everything in itself.
    """
    created = datetime.fromisoformat(manifest.created)
    title = f"{manifest.key}: report"
    spec = draft.spec
    lead = spec.description or f"Predicts {spec.label.column} with a {spec.learner.name} model."
    body = [
        f"<h1>{escape(manifest.key)}</h1>",
        f'<p class="proml-lead">{escape(lead)}</p>',
        html.note(f"Promoted {created:%Y-%m-%d %H:%M} UTC from {manifest.notebook}."),
        html.note(_ground(draft.folder)),
        html.note(times.summary(times.read(draft.folder / "notebook"))),
        _section("How well, and how sure", *_metrics(draft)),
        *([_section("What it had to reach", *words.page(manifest))] if manifest.gates else []),
        *(
            _section(_titled(name, kind), _picture(draft.folder, name))
            for name, kind in sorted(draft.recorded.reports.items())
        ),
        _section("Data", *_data(draft)),
        _section("Parameters of the run", *_parameters(draft)),
        _section("The model in its own language", html.pre(spec.to_yaml())),
        _section("What else is in the artifact", *_rest(manifest)),
    ]
    style = f"<style>{CSS}{_PAGE_CSS}</style>"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title>{style}</head>\n"
        f'<body><main class="proml proml-report">{"".join(body)}</main></body></html>\n'
    )


def _section(title: str, *parts: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>\n"


def _metrics(draft: Draft) -> list[str]:
    metrics = draft.metrics
    if not metrics:
        return [html.lead("The notebook declared no metric.")]
    rows = [
        {
            "metric": f"{m.metric} {m.group}" if m.group else m.metric,
            "value": m.value,
            "low": m.low,
            "high": m.high,
            "better is": m.direction,
            "beside the others": m.verdict,
            "what it measures": card.meaning(m.metric),
        }
        for m in metrics
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    empty = [name for name in frame.columns if frame[name].null_count() == frame.height]
    n_rows = next((m.n_rows for m in metrics if m.n_rows), None)
    where = f"On {n_rows:,} held-out rows" if n_rows else "On held-out rows"
    caption = f"{where}. From low to high is the 95 % interval."
    return [html.table(frame.drop(empty), caption=caption, max_rows=60)]


def _picture(folder: Path, name: str) -> str:
    """What the report showed in the notebook, as it was kept."""
    return (folder / "reports" / f"{name}.html").read_text(encoding="utf-8")


def _data(draft: Draft) -> list[str]:
    parts = [html.lead(f"Fitted on {draft.n_rows:,} rows.")]
    if draft.origins:
        frame = pl.DataFrame(
            {
                "source": [origin.view for origin in draft.origins],
                "rows": [origin.n_rows for origin in draft.origins],
                "columns": [", ".join(origin.columns) for origin in draft.origins],
                "fingerprint": [f"{origin.fingerprint[:12]}…" for origin in draft.origins],
            }
        )
        parts.append(html.table(frame, max_rows=100))
    else:
        parts.append(html.note("The notebook made the data itself: no source is recorded."))
    return parts


def _parameters(draft: Draft) -> list[str]:
    if not draft.parameters:
        return [html.note("The notebook has none.")]
    rows = {
        "parameter": list(draft.parameters),
        "value": [str(value) for value in draft.parameters.values()],
    }
    return [html.table(pl.DataFrame(rows), max_rows=100)]


def _rest(manifest: Manifest) -> list[str]:
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
    use = f'from proml_lab import load_artifact\n\nload_artifact("{manifest.key}").predict(frame)'
    return [f"<ul>{links}</ul>", html.lead("To use the model:"), html.pre(use)]


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
    if name in ("comparison", "explanation", "evaluation"):
        return _TITLES[name]
    words = name.replace("_", " ").replace("-", " ").capitalize()
    return f"{words} ({kind.lower()})"
