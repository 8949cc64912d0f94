"""The documents name what there is, and their links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import pytest
from pydantic import BaseModel

import proml_lab
from proml_lab.marketplace.view import Feature, FeatureView
from proml_lab.spec import ModelSpec

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ +(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name}: {target}"


@pytest.mark.parametrize("path", sorted((ROOT / "proml_lab").rglob("*.py")), ids=lambda p: p.name)
def test_a_source_named_in_a_docstring_is_there(path: Path) -> None:
    for file, anchor in re.findall(r"(docs/[\w./-]+\.md)(?:#([\w-]+))?", path.read_text()):
        assert (ROOT / file).exists(), f"{path}: {file}"
        if anchor:
            assert anchor in anchors(ROOT / file), f"{path}: {file}#{anchor}"


@pytest.mark.parametrize("model", [ModelSpec, FeatureView, Feature], ids=lambda m: m.__name__)
def test_every_field_of_a_document_is_in_the_language_page(model: type[BaseModel]) -> None:
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", text))
    assert set(model.model_fields) <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_python_that_a_page_names_can_be_imported(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for home, names in re.findall(r"from (proml_lab[\w.]*) import ([\w, ]+)", text):
        module = import_module(home)
        for name in re.split(r", *", names.strip()):
            assert hasattr(module, name), f"{page.name}: {home}.{name}"
    for home in re.findall(r"`(proml_lab(?:\.\w+)+)`", text):
        assert resolve_name(home), f"{page.name}: {home}"
    for called in re.findall(r"\bproml_lab\.([\w.]+)\(", text):
        assert called in proml_lab.__all__, f"{page.name}: proml_lab.{called}(…) needs an import"


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(p.name[:3]) for p in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_readme_names_the_two_commands_and_the_install() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for needed in ("make demo", "make test", "pip install 'proml-lab[lab]'", "docs/images/"):
        assert needed in text
    assert len(text.splitlines()) <= 70


def test_the_changelog_has_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_make_target_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text()
    for target in ("demo", "test", "lab", "check", "bench", "soak"):
        assert re.search(rf"^{target}:.*  ## \S", text, re.MULTILINE), target


def test_no_address_of_a_registry_and_no_path_of_a_machine_is_written() -> None:
    pattern = re.compile(r"(registry\.npmjs|pypi\.org|files\.pythonhosted|/home/\w+/|/root/|/opt/)")
    files = [*PAGES, ROOT / "constraints.txt", ROOT / "pyproject.toml", ROOT / "Makefile"]
    files += [ROOT / "extension" / name for name in ("package.json", "yarn.lock")]
    for file in files:
        assert not pattern.search(file.read_text(encoding="utf-8")), file.name
