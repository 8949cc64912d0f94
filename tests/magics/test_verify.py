"""``verify``, ``export`` and ``import`` on the command line and in a notebook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from proml_lab import cli
from proml_lab.magics import verbs
from proml_lab.magics.context import Context
from proml_lab.promote.trust import Exported, Imported, Verification
from tests.promote.conftest import make_workspace
from tests.promote.trust.conftest import make_shop

Proml = Callable[[str], tuple[int, str, str]]


@pytest.fixture(scope="session")
def made_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("here") / "workspace")


@pytest.fixture
def here(made_here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with ``shop@1``, which is the current folder."""
    folder = shutil.copytree(made_here, tmp_path / "workspace")
    monkeypatch.delenv("PROML_WORKSPACE", raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def proml(capsys: pytest.CaptureFixture[str]) -> Proml:
    def run(line: str) -> tuple[int, str, str]:
        status = cli.main(line.split())
        out, err = capsys.readouterr()
        return status, out, err

    return run


def test_verify_says_what_is_wrong_and_ends_with_1(proml: Proml, here: Path) -> None:
    status, out, err = proml("verify shop@1")
    assert (status, err) == (0, "")
    assert out.startswith("shop@1 is whole: ")
    assert "signed by your own key" in out
    card = here / ".proml/artifacts/shop/1/reports/card.md"
    card.write_text("better")
    status, out, err = proml("verify shop@1")
    assert (status, err) == (1, "")
    assert out.startswith("shop@1 does not pass: reports/card.md was changed.")
    assert "WRONG" in out
    status, out, _ = proml("verify .proml/artifacts/shop/1 --json")
    assert status == 1
    wrong = [row for row in json.loads(out) if not row["passed"]]
    assert [row["file"] for row in wrong] == ["reports/card.md"]


def test_an_unknown_key_on_the_command_line(
    proml: Proml, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    public = here / ".proml/artifacts/shop/1/signature.pub"
    status, out, _ = proml("verify shop@1")
    assert status == 1
    assert "its files are whole, but it is signed by an unknown key" in out
    assert "Hint: ask who made it whether the key is theirs, then put its signature.pub" in out
    assert proml("verify shop@1 --any-key")[0] == 0
    assert proml(f"verify shop@1 --key {public}")[0] == 0
    status, _, err = proml("verify shop@1 --key none.pub")
    assert status == 1
    assert "The public key none.pub cannot be read: No such file" in err


def test_a_folder_is_verified_far_from_any_workspace(
    proml: Proml, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = here / ".proml/artifacts/shop/1"
    monkeypatch.chdir("/")
    assert proml(f"verify {folder}")[0] == 0
    assert proml(f"verify shop@1 --workspace {here}")[0] == 0
    assert "No workspace in" in proml("verify shop@1")[2]


def test_an_artifact_goes_out_and_comes_in(proml: Proml, here: Path, tmp_path: Path) -> None:
    assert proml("export shop@1")[1].startswith("Exported shop@1 to shop-1.proml, 0.0 MB.")
    assert proml("export shop@1 -o out/b.proml")[0] == 0
    assert proml(f"export shop@1 {tmp_path / 'c.proml'} --json")[0] == 0
    whole = (here / "shop-1.proml").read_bytes()
    assert {(here / "out/b.proml").read_bytes(), (tmp_path / "c.proml").read_bytes()} == {whole}
    status, _, err = proml("export shop@1 out/b.proml")
    assert (status, "is there already" in err) == (2, True)

    other = make_workspace(tmp_path / "other")
    status, out, err = proml(f"import shop-1.proml --workspace {other}")
    assert (status, err) == (0, "")
    assert out.startswith("Imported shop@1: ")
    assert proml(f"verify shop@1 --workspace {other}")[0] == 0
    assert "nothing was changed" in proml(f"import shop-1.proml --workspace {other}")[1]
    rows = json.loads(proml(f"import shop-1.proml --workspace {other} --json")[1])
    assert all(row["passed"] for row in rows)


def test_the_code_does_the_same(proml: Proml, here: Path, tmp_path: Path) -> None:
    code = proml("export shop@1 -o a.proml --code")[1]
    assert "export_artifact('shop@1', 'a.proml')" in code
    other = make_workspace(tmp_path / "other")
    more = proml(f"import a.proml --workspace {other} --any-key --code")[1]
    check = proml(f"verify shop@1 --workspace {other} --code")[1]
    lines = [code, more, check.replace("verify('", "assert verify('")]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, env=dict(os.environ))
    assert (other / ".proml/artifacts/shop/1/signature").is_file()


def test_in_a_notebook(here: Path) -> None:
    def run(name: str, line: str) -> object:
        args = verbs.parser(name, prog=verbs.NOTEBOOK).parse(line.split())
        args.body = None
        return verbs.load(name).run(args, Context({}))

    found = run("verify", "shop@1 -o found")
    assert isinstance(found, Verification)
    assert "<table" in found._repr_mimebundle_()["text/html"]
    exported = run("export", "shop@1 a.proml -o kept")
    assert isinstance(exported, Exported)
    assert (here / "a.proml").is_file()
    assert not (here / "kept").exists()
    imported = run("import", "a.proml")
    assert isinstance(imported, Imported)
    assert not imported.is_new
