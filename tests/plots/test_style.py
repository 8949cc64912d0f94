from __future__ import annotations

from proml_lab.plots.style import CSS, variables


def test_every_rule_is_scoped() -> None:
    body = CSS.replace("@media (prefers-color-scheme:dark){", "").replace("}}", "}")
    for rule in filter(None, body.split("}")):
        selectors = rule.split("{")[0]
        assert all(".proml" in part for part in selectors.split(",")), rule


def test_jupyter_first_then_vs_code_then_the_reader() -> None:
    rules = variables(".root")
    assert "var(--jp-content-font-color1,var(--vscode-editor-foreground," in rules
    light, dark = rules.index(".root{"), rules.index("@media (prefers-color-scheme:dark)")
    assert light < dark < rules.index("[data-jp-theme-light=false] .root")
    assert "body:not([data-jp-theme-light]):not([data-vscode-theme-kind]) .root" in rules


def test_nothing_comes_from_elsewhere() -> None:
    assert "url(" not in CSS
    assert "@import" not in CSS
    assert CSS.count("{") == CSS.count("}")
