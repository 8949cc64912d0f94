from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from proml_lab.errors import SpecError
from proml_lab.marketplace.draft.definitions import Made, Symbol, Unknown, read

HEAD = "from datetime import timedelta\nfrom feast import Entity, FeatureView as View, FileSource\n"


def value(tmp_path: Path, expression: str, before: str = "") -> object:
    """What an argument stands for."""
    (tmp_path / "d.py").write_text(f"{HEAD}{before}\ne = Entity(x={expression})\n")
    return read(tmp_path)[-1].get("x")


@pytest.mark.parametrize(
    ("expression", "before", "want"),
    [
        ("'a'", "", "a"),
        ("['a', 1, None, True]", "", ["a", 1, None, True]),
        ("{'a': 'b'}", "", {"a": "b"}),
        ("NAME", "NAME = 'a'", "a"),
        ("NAME", "NAME: str = 'a'", "a"),
        ("NAME + '.b'", "NAME = 'a'", "a.b"),
        ("f'{NAME}/b'", "NAME = 'a'", "a/b"),
        ("timedelta(days=1)", "", timedelta(days=1)),
        ("timedelta(1, hours=2)", "", timedelta(days=1, hours=2)),
        ("timedelta(days=2) * 3", "", timedelta(days=6)),
        ("dt.timedelta(weeks=1)", "import datetime as dt", timedelta(weeks=1)),
        ("[1] + [2]", "", [1, 2]),
        ("-1", "", -1),
        ("Float32", "from feast.types import Float32", Symbol("feast.types.Float32")),
        ("types.Int64", "from feast import types", Symbol("feast.types.Int64")),
        ("ValueType.INT64", "from feast import ValueType", Symbol("feast.ValueType.INT64")),
        ("os.environ['A']", "import os", Symbol("os.environ")),
        ("os.getenv('A')", "import os", Unknown("os.getenv('A')")),
        ("f'{now()}'", "", Unknown("f'{now()}'")),
        ("NAME", "if True:\n    NAME = 'a'", Unknown("NAME")),
        ("NAME", "try:\n    NAME = 'a'\nexcept ImportError:\n    pass", "a"),
        ("timedelta(days=n)", "", Unknown("timedelta(days=n)")),
        ("lambda: 1", "", Unknown("lambda: 1")),
        ("'a' if x else 'b'", "", Unknown("'a' if x else 'b'")),
        ("1 + 'a'", "", Unknown("1 + 'a'")),
        ("[a for a in 'b']", "", Unknown("[a for a in 'b']")),
    ],
)
def test_what_an_expression_stands_for(
    tmp_path: Path, expression: str, before: str, want: object
) -> None:
    assert value(tmp_path, expression, before) == want


@pytest.mark.parametrize(
    ("expression", "before"),
    [
        ("str(Path(__file__).parent / 'data' / 'x')", "from pathlib import Path"),
        ("Path(__file__).resolve().parent / 'data/x'", "from pathlib import Path"),
        ("os.path.join(os.path.dirname(__file__), 'data', 'x')", "import os"),
        ("f'{HERE}/data/x'", "from pathlib import Path\nHERE = Path(__file__).parent"),
    ],
)
def test_paths_beside_the_file(tmp_path: Path, expression: str, before: str) -> None:
    assert str(value(tmp_path, expression, before)) == str(tmp_path.resolve() / "data" / "x")


def test_objects_in_their_order_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "d.py").write_text(
        f"{HEAD}a = Entity('x', ['k'])\nv = View(name='v', entities=[a])\n"
        "w = View(name='w', source=FileSource(path='p'))\nsub = v[['c']]\n"
    )
    made = read(tmp_path)
    assert [(one.kind, one.line) for one in made] == [
        *(("Entity", 3), ("FeatureView", 4), ("FileSource", 5), ("FeatureView", 5))
    ]
    assert made[1].get("entities") == [made[0]]
    assert (made[0].get("name", 0), made[0].get("join_keys", 1)) == ("x", ["k"])
    assert made[0].get("description") is None
    assert made[0].place == "d.py:3"


def test_a_decorated_function_is_called_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "d.py").write_text(
        "from feast.on_demand_feature_view import on_demand_feature_view\nimport functools\n"
        "@on_demand_feature_view(sources=[])\ndef f(x):\n    return x\n"
        "@functools.cache()\ndef g(x):\n    return x\n"
    )
    (made,) = read(tmp_path)
    assert (made.kind, made.get("name"), made.line) == ("on_demand_feature_view", "f", 4)


def test_names_of_other_files_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "keys.py").write_text(f"{HEAD}driver = Entity('driver')\n")
    (tmp_path / "a_views.py").write_text(
        f"{HEAD}from parts.keys import driver, nobody\nv = View(name='v', entities=[driver])\n"
        "w = View(name=nobody)\n"
    )
    (tmp_path / "parts" / "more.py").write_text(
        f"{HEAD}from .keys import driver as d\nm = View(name='m', entities=[d])\n"
    )
    by_name = {one.get("name", 0): one for one in read(tmp_path)}
    driver = by_name["driver"]
    assert isinstance(driver, Made)
    assert by_name["v"].get("entities") == [driver]
    assert by_name["m"].get("entities") == [driver]
    assert Unknown("nobody") in by_name


def test_a_file_that_is_no_python(tmp_path: Path) -> None:
    (tmp_path / "d.py").write_text("x = 1\nx = (\n")
    with pytest.raises(SpecError, match=r"d.py:2: this is no Python that can be read: '\(' was"):
        read(tmp_path)
