"""The stylesheet of everything that is shown, scoped to ``.proml``; Jupyter's colours first."""

from __future__ import annotations

from collections.abc import Sequence

from proml_lab.plots.theme import DARK, LIGHT


def _colours(values: Sequence[str]) -> str:
    return "".join(f"--proml-c{i}:{value};" for i, value in enumerate(values))


_LIGHT = (
    "--proml-ink:var(--jp-content-font-color1,var(--vscode-editor-foreground,#1b1b1b));"
    "--proml-soft:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#555));"
    "--proml-page:var(--jp-layout-color0,var(--vscode-editor-background,#fff));"
    "--proml-band:var(--jp-layout-color2,#f0f0f0);"
    "--proml-rule:var(--jp-border-color2,#d0d0d0);" + _colours(LIGHT)
)
_DARK = (
    "--proml-ink:var(--jp-content-font-color1,var(--vscode-editor-foreground,#ececec));"
    "--proml-soft:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#b4b4b4));"
    "--proml-page:var(--jp-layout-color0,var(--vscode-editor-background,#111));"
    "--proml-band:var(--jp-layout-color2,#262626);"
    "--proml-rule:var(--jp-border-color2,#444);" + _colours(DARK)
)


def variables(root: str) -> str:
    """Rules that set the ``--proml-*`` variables on `root`: light, and dark where the page is.

    Dark is Jupyter's own mark on the page, VS Code's, or, on pages that carry neither, what the
    reader's system asks for.
    """
    plain = f"body:not([data-jp-theme-light]):not([data-vscode-theme-kind]) {root}"
    return (
        f"{root}{{{_LIGHT}}}"
        f"@media (prefers-color-scheme:dark){{{plain}{{{_DARK}}}}}"
        f"[data-jp-theme-light=false] {root},[data-vscode-theme-kind$=dark] {root}{{{_DARK}}}"
    )


CSS = variables(".proml") + (  # tables twice: to win over Jupyter's own rules
    ".proml{color:var(--proml-ink);background:var(--proml-page);font:14px/1.5 var("
    "--jp-content-font-family,system-ui,sans-serif);max-width:1200px;padding:2px 4px}"
    ".proml *{box-sizing:border-box}"
    ".proml h3{font-size:1.15em;margin:.4em 0 .3em;font-weight:600;color:inherit}"
    ".proml p{margin:.3em 0;max-width:75ch}"
    ".proml .proml-note{color:var(--proml-soft)}"
    ".proml .proml-scroll{overflow-x:auto;max-width:100%}"
    ".proml.proml table{border-collapse:collapse;margin:.4em 0;font-size:.95em;border:0;"
    "width:auto;table-layout:auto;font-variant-numeric:tabular-nums}"
    ".proml .proml-table{margin:.4em 0}.proml .proml-table table{margin:.1em 0}"
    ".proml.proml table th,.proml.proml table td{padding:.25em .55em;text-align:left;border:0;"
    "vertical-align:top;background:none;color:inherit}"
    ".proml.proml table td[align=right],.proml.proml table td.proml-n{white-space:nowrap}"
    ".proml.proml table td.proml-w{overflow-wrap:anywhere;min-width:16em;max-width:42em}"
    ".proml.proml table.proml-facts td{overflow-wrap:anywhere}"
    ".proml.proml table th{font-weight:600}"
    ".proml.proml table thead th{border-bottom:1px solid var(--proml-ink)}"
    ".proml.proml table tbody tr{background:none}"
    ".proml.proml table tbody tr+tr>*{border-top:1px solid var(--proml-rule)}"
    ".proml.proml table tbody tr:hover{background:var(--proml-band)}"
    ".proml.proml table th[align=right],.proml.proml table td[align=right]{text-align:right}"
    ".proml details{margin:.4em 0}"
    ".proml summary{cursor:pointer;color:var(--proml-soft)}"
    ".proml summary:focus-visible{outline:2px solid var(--proml-c0);outline-offset:2px}"
    ".proml pre{margin:.3em 0;padding:.6em .8em;background:var(--proml-band);color:inherit;"
    "overflow-x:auto;font:13px/1.45 var(--jp-code-font-family,ui-monospace,monospace)}"
    ".proml figure{margin:.6em 0;max-width:100%}"
    ".proml figcaption{color:var(--proml-soft);max-width:75ch}"
    ".proml .proml-row{display:flex;flex-wrap:wrap;gap:0 24px}"
)
