"""Wheels of packages that no index has, read by pip's own library and by Python's import."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from packaging.utils import parse_wheel_filename

from proml_lab.promote.freeze.installed import Package, packages
from proml_lab.promote.freeze.wheels import modules, pack
from tests.promote.freeze.conftest import install


def only(site: Path) -> Package:
    (found,) = packages([str(site)])
    return found


def editable(site: Path, root: Path, *, about: dict[str, str] | None = None) -> Package:
    origin = {"url": root.as_uri(), "dir_info": {"editable": True}}
    install(site, "my-code", "1.2", {}, origin=origin, about=about)
    return only(site)


def source(root: Path) -> None:
    files = {
        "my_code/__init__.py": "answer = 42\n",
        "my_code/data/table.csv": "a,b\n",
        "my_code/tests/test_it.py": "never\n",
        "my_code/.env": "TOKEN=1\n",
        "my_code/private.pem": "key\n",
        "my_code/labextension/static/built.js": "built\n",
        "my_code/__pycache__/x.pyc": "bytes\n",
        "notes.txt": "mine\n",
        "tests/test_all.py": "never\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_an_editable_package_is_packed_with_its_own_files_only(site: Path, tmp_path: Path) -> None:
    source(tmp_path / "root")
    points = "[console_scripts]\nmy = my_code.cli:main\n"
    package = editable(site, tmp_path / "root", about={"entry_points.txt": points})
    wheel = pack(package, tmp_path / "out")
    assert wheel is not None
    path = tmp_path / "out" / wheel.name
    assert parse_wheel_filename(wheel.name)[0] == "my-code"
    assert wheel.n_bytes == path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [
            "my_code/__init__.py",
            "my_code/data/table.csv",
            *(f"my_code-1.2.dist-info/{n}" for n in ("METADATA", "RECORD", "WHEEL")),
            "my_code-1.2.dist-info/entry_points.txt",
        ]
    told = subprocess.run(
        [sys.executable, "-c", "import my_code; print(my_code.answer)"],
        env={"PYTHONPATH": str(path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout == "42\n"


def test_pip_installs_the_wheel(site: Path, tmp_path: Path) -> None:
    source(tmp_path / "root")
    wheel = pack(editable(site, tmp_path / "root"), tmp_path / "out")
    assert wheel is not None
    options = ["--no-index", "--no-deps", "--quiet", "--target", str(tmp_path / "there")]
    command = [sys.executable, "-m", "pip", "install", *options, tmp_path / "out" / wheel.name]
    subprocess.run(command, check=True)
    assert (tmp_path / "there" / "my_code" / "data" / "table.csv").read_text() == "a,b\n"
    assert only(tmp_path / "there").version == "1.2"


def test_the_same_files_give_the_same_bytes(site: Path, tmp_path: Path) -> None:
    source(tmp_path / "root")
    package = editable(site, tmp_path / "root")
    first = pack(package, tmp_path / "one")
    (tmp_path / "root" / "my_code" / "__init__.py").touch()
    again = pack(package, tmp_path / "two")
    assert first == again
    (tmp_path / "root" / "my_code" / "__init__.py").write_text("answer = 43\n")
    assert pack(package, tmp_path / "three") != first


def test_an_installed_package_is_packed_from_its_record(site: Path, tmp_path: Path) -> None:
    files = {"some/__init__.py": "x = 1\n", "some.py": "", "../../bin/some": "#!here\n"}
    origin = {"url": (tmp_path / "some-1.tar.gz").as_uri(), "archive_info": {}}
    about = {"WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py2.py3-none-any\n"}
    install(site, "some", "1", files, origin=origin, about=about)
    (site / "not-its-own.py").write_text("")
    wheel = pack(only(site), tmp_path / "out")
    assert wheel is not None
    assert wheel.name == "some-1-py2.py3-none-any.whl"
    with zipfile.ZipFile(tmp_path / "out" / wheel.name) as archive:
        names = archive.namelist()
        record = archive.read("some-1.dist-info/RECORD").decode()
    assert names[:2] == ["some.py", "some/__init__.py"]
    assert not any("bin" in n or "direct_url" in n or "not-its-own" in n for n in names)
    assert {line.split(",")[0] for line in record.splitlines()} == set(names)


def test_machine_code_gives_a_tag_of_this_platform(site: Path, tmp_path: Path) -> None:
    source(tmp_path / "root")
    (tmp_path / "root" / "my_code" / "fast.so").write_bytes(b"\x7fELF")
    wheel = pack(editable(site, tmp_path / "root"), tmp_path / "out")
    assert wheel is not None
    assert f"cp{sys.version_info.major}{sys.version_info.minor}" in wheel.name
    assert not wheel.name.endswith("any.whl")


def test_modules_of_an_editable_package_are_found_in_every_layout(tmp_path: Path) -> None:
    for layout in ("src", "pth", "finder"):
        site, root = tmp_path / layout / "site", tmp_path / layout / "root"
        code = root / {"src": "src", "pth": "deep", "finder": "odd"}[layout]
        (code / "my_code").mkdir(parents=True)
        (code / "my_code" / "__init__.py").write_text("")
        (code / "other.py").write_text("")
        about = {"top_level.txt": "my_code\nother\n"}
        place = install(
            site, "my-code", "1",
            {
                "my.pth": f"{code}\n" if layout == "pth" else "import nothing\n",
                "__editable___my_finder.py": "MAPPING: dict[str, str] = "
                + repr({n: str(code / n) for n in ("my_code", "other")})
                if layout == "finder" else "",
            },
            origin={"url": root.as_uri(), "dir_info": {"editable": True}}, about=about,
        )  # fmt: skip
        assert place.is_dir()
        want = {"my_code": code / "my_code", "other": code / "other.py"}
        assert modules(only(site)) == want, layout


def test_a_package_whose_files_cannot_be_found_is_not_packed(site: Path, tmp_path: Path) -> None:
    assert pack(editable(site, tmp_path / "gone"), tmp_path / "out") is None
    assert pack(Package("some", "1"), tmp_path / "out") is None
    assert modules(Package("some", "1")) == {}
