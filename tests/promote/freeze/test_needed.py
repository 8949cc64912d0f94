"""The packages that a model needs."""

from __future__ import annotations

from pathlib import Path

from proml_lab.promote.freeze.installed import packages
from proml_lab.promote.freeze.needed import needed
from tests.promote.freeze.conftest import install


def test_what_is_needed_is_followed_and_the_rest_is_left(site: Path) -> None:
    def asking(name: str, *wanted: str) -> None:
        lines = "".join(f"Requires-Dist: {text}\n" for text in wanted)
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
        install(site, name, "1", about={"METADATA": head + lines})

    asking("proml-lab", "One>=1", "two[fast]", "lab ; extra == 'lab'", "old ; python_version<'3'")
    asking("one", "proml-lab", "not-installed")
    asking("two", "three ; extra == 'fast'", "four ; extra == 'slow'")
    for name in ("three", "four", "lab", "old", "other"):
        asking(name)
    found = needed("baseline", packages([str(site)]))
    assert [p.name for p in found] == ["one", "proml-lab", "three", "two"]


def test_more_can_be_asked_for(site: Path) -> None:
    head = "Metadata-Version: 2.1\nName: server\nVersion: 1\nRequires-Dist: one\n"
    install(site, "server", "1", about={"METADATA": head})
    install(site, "one", "1", about={"METADATA": "Metadata-Version: 2.1\nName: one\nVersion: 1\n"})
    installed = packages([str(site)])
    assert [p.name for p in needed("baseline", installed)] == []
    assert [p.name for p in needed("baseline", installed, also=["server"])] == ["one", "server"]


def test_here_it_is_this_package_and_what_scoring_asks_for() -> None:
    names = {package.name for package in needed("trees", packages())}
    assert {"proml-lab", "lightgbm", "polars", "pyarrow"} <= names
    assert not {"jupyterlab", "mlflow-skinny", "numba", "plotly", "ruff", "sqlalchemy"} & names
