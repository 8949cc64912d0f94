"""Names: what is there when the cells run from top to bottom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.promote.lint.conftest import Check, code, codes, parameters

FINE = {
    "comprehension scopes": "a = [1]\nb = [x for x in a if x]\nc = {k: v for k, v in zip(a, b)}",
    "nested comprehension": "rows = [[1]]\n[cell for row in rows for cell in row]",
    "a generator's own names": "rows = [1]\nsum(row * 2 for row in rows)",
    "walrus in a comprehension": "a = [1]\nb = [y for x in a if (y := x)]\ny",
    "walrus": "if (n := 3) > 2:\n    n\nn",
    "a global that comes later": "def f():\n    return later\nlater = 1\nf()",
    "two functions that call each other": "def f(): return g()\ndef g(): return h\nh = 1\nf()",
    "a decorator": "import functools\n@functools.cache\ndef f(x): return x\nf(1)",
    "try and except import": "try:\n    import tomllib\nexcept ImportError:\n"
    "    tomllib = None\ntomllib",
    "except as": "try:\n    1\nexcept ValueError as error:\n    print(error)",
    "a class body": "class A:\n    n = 3\n    m = n + 1\n    def f(self): return self.n\nA()",
    "a class that names itself": "class A:\n    def f(self) -> 'A': return A()\nA().f()",
    "match": "v = [1, 2]\nmatch v:\n    case [a, *rest]: print(a, rest)\n"
    "    case {'k': x, **more}: print(x, more)\n    case str() as s: s",
    "augmented assignment": "n = 1\nn += 2",
    "f-strings": "n = 1\nf'{n:>{n}} {n!r} {[i for i in range(n)]}'",
    "lambda defaults": "n = 1\nf = lambda x, y=n: x + y + n\nf(1)",
    "lambdas that look later": "f = lambda: later\nlater = 2\nf()",
    "global": "def f():\n    global made\n    made = 1\nf()\nmade",
    "nonlocal": "def f():\n    n = 1\n    def g():\n"
    "        nonlocal n\n        n += 1\n    g()\nf()",
    "async": "import asyncio\nasync def f():\n    async with x() as y:\n        return y\n"
    "def x(): ...\nawait asyncio.sleep(0)",
    "type checking": "from typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from os import PathLike\n"
    "def f(a: 'PathLike') -> None: ...",
    "annotations": "from __future__ import annotations\n"
    "def f(a: Later) -> Later: ...\nx: Other = 1\nOther = Later = int",
    "star import": "from os.path import *\njoin('a', 'b')",
    "del and again": "x = 1\ndel x\nx = 2\nx",
    "for and else": "for i in range(3):\n    pass\nelse:\n    done = True\ndone, i",
    "with as": "import io\nwith io.StringIO() as f, io.StringIO() as (a, b):\n    f\nf",
    "unpacking": "a, (b, *c) = 1, (2, 3)\na, b, c",
    "subscripts": "d = {}\nd['k'] = d.get('k')\nd['k'] += 1",
    "what IPython has": "display(_)\nIn[0], Out, _1, _i, get_ipython(), __, exit",
    "what Python has": "print(len(__name__), __doc__, open, __builtins__)",
    "exec": "exec('x = 1')\nx",
    "globals": "globals()['x'] = 1\nx",
    "user_ns": "get_ipython().user_ns['x'] = 1\nx",
    "asked for first": "if 'x' not in globals():\n    x = 1\nx",
    "try a name": "try:\n    x\nexcept NameError:\n    x = 1",
    "suppressed": "import contextlib\nwith contextlib.suppress(NameError):\n    del x\nx = 1",
    "tried": "try:\n    x\nexcept (KeyError, NameError):\n    pass\nx = 1",
    "both branches": "import sys\nif sys.argv:\n    x = 1\nelse:\n    x = 2\nx",
    "else raises": "import sys\nif sys.argv:\n    x = 1\nelse:\n    raise ValueError\nx",
    "else exits": "import sys\nif sys.argv:\n    x = 1\nelse:\n    sys.exit()\nx",
    "a loop over something": "for a in [1, 2]:\n    x = a\nx, a",
    "a loop over a range": "n = 3\nfor a in range(n):\n    x = a\nx",
    "a loop over a name": "names = ['a']\nfor i, a in enumerate(names):\n    x = a\nx, i",
    "a handler that raises": "try:\n    x = 1\nexcept ValueError:\n    raise\nx",
    "a handler that goes on": "import sys\nfor a in sys.argv:\n    try:\n        x = 1\n"
    "    except ValueError:\n        continue\n    print(x)",
    "a handler that binds": "try:\n    x = 1\nexcept ValueError as e:\n    x = str(e)\nx",
    "in a finally": "try:\n    1\nfinally:\n    x = 1\nx",
    "for ever": "import sys\nwhile True:\n    x = 1\n    if sys.argv:\n        break\nx",
    "found or else": "import sys\nfor a in sys.argv:\n    if a:\n        x = a\n        break\n"
    "else:\n    x = None\nx",
    "asked again": "import sys\nif sys.argv:\n    x = 1\nif sys.argv:\n    print(x)",
    "every case": "import sys\nmatch sys.argv:\n    case []:\n        x = 1\n"
    "    case _:\n        x = 2\nx",
    "error by another name": "try:\n    1\nexcept ValueError as e:\n    kept = e\nelse:\n"
    "    kept = None\nkept",
    "main": "if __name__ == '__main__':\n    x = 1\nx",
    "a method that looks later": "class A:\n    def g(self):\n        return zz\nzz = 1\nA().g()",
    "an object of another kind": "class A:\n    def g(self):\n        return zz\n"
    "a = A()\na = dict()\na.g()\nzz = 1",
    "shell variables": "!echo $HOME ${USER} {a,b} | awk '{print $1, total}'\n!find . -exec ls {} ;",
    "shell names": "name = 1\n!echo {name} $name",
    "loaded by hand": "import proml_lab\nproml_lab.load_ipython_extension(get_ipython())\n%proml",
    "used in the next round": "for i in range(3):\n    if i:\n        print(last)\n    last = i",
    "while": "n = 3\nwhile n:\n    n -= 1",
    "keyword names": "dict(a=1, b=2)\nprint('x', end='')",
    "attributes": "import os\nos.path.join\nos.environ['x'] = '1'",
    "imports with dots": "import os.path, xml.etree.ElementTree as et\nos.path, et",
    "nested functions": "def f(a):\n    def g(b):\n        return a + b + c\n"
    "    c = 1\n    return g\nf(1)",
    "a default of its own name": "x = 1\ndef f(x=x): return x\nf()",
    "conditional definition": "import sys\nif sys.argv:\n    x = 1\nelse:\n    x = 2\nx",
    "return before": "def f(a):\n    if a:\n        return 1\n    return later\nf(1)\nlater = 2",
    "short circuit": "def f(): return 1\nf() or f()",
    "metaclass": "class M(type): ...\nclass A(metaclass=M): ...",
    "class comprehension": "class A:\n    xs = [1]\n    ys = [x for x in xs]",
    "dunder": "__file__",
    "starred call": "a = [1]\nprint(*a, **{})",
    "slices": "a = [1, 2]\na[0:1], a[:], a[-1]",
    "chained": "a = b = 1\na < b < 2",
    "property": "class A:\n    @property\n    def x(self): return 1\n"
    "    @x.setter\n    def x(self, v): ...",
    "percent in brackets": "a = 7\nb = (a\n  % 3)\nb",
    "percent in a text": 'a = """\n%matplotlib inline\n!ls\n"""\na',
    "help": "x = 1\nx?\n?x\nx.real??",
    "time": "%time x = 1\nx",
    "timeit": "x = 1\n%timeit -n 1 -r 1 x + 1",
    "time cell": "%%time\nx = 1\nx",
    "capture": "%%capture out\nprint(1)",
    "assigned shell": "names = !echo a\nnames",
    "continued magic": "%env A \\\n  = 3\nx = 1\nx",
    "indented magic": "x = 1\nif x:\n    %env A=3\n    y = 2\n    y",
    "a cell in another language": "%%bash\necho $undefined_here\nfor i in 1; do echo; done",
    "html": "%%html\n<b>not python</b>",
    "unknown magic": "%load_it_all somewhere\nnames_from_it",
    "run": "%run other.py\nmade_there",
    "only a comment": "# nothing",
    "empty": "",
    "except star": "try:\n    1\nexcept* ValueError as group:\n    group",
    "braces": "%load_ext proml_lab\nn = 1\n"
    "%proml features {{n + len([x for x in [1]])}} {{ {'a': n}['a'] }}",
    "proml file": "%load_ext proml_lab\n"
    "%proml spec here.proml.yaml -o spec\n%proml fit gbm --spec spec\ngbm",
    "proml cell": "%%capture\n%load_ext proml_lab\n%proml dataset --seed {{1 + 1}} -o s",
}


@pytest.mark.parametrize("source", FINE.values(), ids=FINE.keys())
def test_what_runs_is_not_told(check: Check, source: str) -> None:
    assert not [f for f in check(source).all if f.code in ("PN005", "PN020", "PN021", "PN022")]


@pytest.mark.parametrize("source", FINE.values(), ids=FINE.keys())
def test_a_misspelt_name_after_it_is_told_where_it_can_be(check: Check, source: str) -> None:
    hidden = ("import *", "exec(", "globals()", "user_ns", "%load_it_all", "%run")
    want = [] if any(word in source for word in hidden) else ["PN021"]
    found = check(source, "surely_not_there")
    assert [f.code for f in found.findings if "surely_not_there" in f.seen] == want


@pytest.mark.parametrize(
    ("cells", "want"),
    [
        (["x", "x = 1"], ("PN020", 2, 1, "x: cell 3 defines it")),
        (["y = 1\nprint(f'{x}')", "x = 1"], ("PN020", 2, 2, "x: cell 3 defines it")),
        (["x + 1"], ("PN021", 2, 1, "x: nothing defines it")),
        (["x += 1"], ("PN021", 2, 1, "x: nothing defines it")),
        (["[y for y in x]"], ("PN021", 2, 1, "x: nothing defines it")),
        (["[x for y in [1]]"], ("PN022", 2, 1, "x: nothing defines it")),
        (["del x"], ("PN021", 2, 1, "x: nothing defines it")),
        (["x = 1", "del x", "x"], ("PN020", 4, 1, "x: cell 3 deleted it")),
        (["def f():\n    return x", "f()", "x = 1"],
         ("PN020", 2, 2, "x: cell 4 defines it, called in cell 3")),
        (["def f():\n    return g()\ndef g():\n    return x", "f()"],
         ("PN021", 2, 4, "x: nothing defines it, called in cell 3")),
        (["def f():\n    return x"], ("PN022", 2, 2, "x: nothing defines it")),
        (["import sys\nif sys.argv:\n    x"], ("PN022", 2, 3, "x: nothing defines it")),
        (["import sys\nif sys.argv:\n    x", "x = 1"], ("PN022", 2, 3, "x: cell 3 defines it")),
        (["f = lambda: x"], ("PN022", 2, 1, "x: nothing defines it")),
        (["class A:\n    def f(self): return x"], ("PN022", 2, 2, "x: nothing defines it")),
        (["class A(B): ..."], ("PN021", 2, 1, "B: nothing defines it")),
        (["@cached\ndef f(): ..."], ("PN021", 2, 1, "cached: nothing defines it")),
        (["def f(a=b): ..."], ("PN021", 2, 1, "b: nothing defines it")),
        (["class A:\n    n = 1\n    def f(self): return n"],
         ("PN022", 2, 3, "n: nothing defines it")),
        (["x: int"], None),
        (["x: int\nx"], ("PN021", 2, 2, "x: nothing defines it")),
        (["import numpy as np\nnumpy.ones(3)"], ("PN021", 2, 2, "numpy: nothing defines it")),
        (["%load_ext proml_lab\n%proml compare gbm"], ("PN021", 2, 2, "gbm: nothing defines it")),
        (["%load_ext proml_lab\n%proml output model=gbm rows=3 ok=true"],
         ("PN021", 2, 2, "gbm: nothing defines it")),
        (["%load_ext proml_lab\n%proml features {{wind}}"],
         ("PN021", 2, 2, "wind: nothing defines it")),
        (["%load_ext proml_lab", "%%proml spec -o s\nseed: {{seed}}"],
         ("PN021", 3, 1, "seed: nothing defines it")),
        (["%load_ext proml_lab\n%proml explain gbm", "%proml fit gbm --spec a.proml.yaml"],
         ("PN020", 2, 2, "gbm: cell 3 defines it")),
        (["%proml features wind"],
         ("PN021", 2, 1, "%proml: no cell above loads it; put %load_ext proml_lab into one")),
        (["%%proml spec -o s\nname: x"],
         ("PN021", 2, 1, "%proml: no cell above loads it; put %load_ext proml_lab into one")),
        (["%proml features wind", "%load_ext proml_lab"],
         ("PN020", 2, 1, "%proml: cell 3 loads it")),
        (["try:\n    1\nexcept ValueError as e:\n    pass\nprint(e)"],
         ("PN020", 2, 5, "e: Python deletes it at the end of the except in cell 2")),
        (["import sys\nif sys.argv:\n    x = 1", "x"],
         ("PN022", 3, 1, "x: cell 2 defines it on some paths only")),
        (["import sys\nfor a in sys.argv:\n    x = a\nprint(x)"],
         ("PN022", 2, 4, "x: cell 2 defines it on some paths only")),
        (["try:\n    x = 1\nexcept ValueError:\n    print('no')\nx"],
         ("PN022", 2, 5, "x: cell 2 defines it on some paths only")),
        (["for a in [1]:\n    if a > 1:\n        continue\n    x = a\nx"],
         ("PN022", 2, 5, "x: cell 2 defines it on some paths only")),
        (["import sys\nmatch sys.argv:\n    case []:\n        x = 1\nx"],
         ("PN022", 2, 5, "x: cell 2 defines it on some paths only")),
        (["import sys\nif sys.argv:\n    x = 1", "def f():\n    return x\nf()"],
         ("PN022", 3, 2, "x: cell 2 defines it on some paths only, called in cell 3")),
        (["class A:\n    def g(self):\n        return zz", "A().g()", "zz = 1"],
         ("PN020", 2, 3, "zz: cell 4 defines it, called in cell 3")),
        (["class A:\n    def g(self):\n        return zz\na = A()", "a.g()", "zz = 1"],
         ("PN020", 2, 3, "zz: cell 4 defines it, called in cell 3")),
        (["class A:\n    def __init__(self):\n        self.h()\n    def h(self):\n"
          "        return zz", "A()", "zz = 1"],
         ("PN020", 2, 5, "zz: cell 4 defines it, called in cell 3")),
        (["def f():\n    return zz", "print(sum([f()]))", "zz = 1"],
         ("PN020", 2, 2, "zz: cell 4 defines it, called in cell 3")),
        (["for n in [1, 2]:\n    zz", "zz = 1"], ("PN020", 2, 2, "zz: cell 3 defines it")),
        (["!echo {name}", "name = 1"], ("PN022", 2, 1, "name: cell 3 defines it")),
        (["!echo $name", "name = 1"], ("PN022", 2, 1, "name: cell 3 defines it")),
        (["x = !cat {folder}/a"], ("PN022", 2, 1, "folder: nothing defines it")),
        (["%time y = x"], ("PN021", 2, 1, "x: nothing defines it")),
        (["with open('x') as f:\n    z"], ("PN021", 2, 2, "z: nothing defines it")),
        (["match x:\n    case 1: pass"], ("PN021", 2, 1, "x: nothing defines it")),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_once_with_its_place(
    check: Check, cells: list[str], want: tuple[str, int, int, str] | None
) -> None:
    cells = [*cells, cells[-1]] if want and want[0] == "PN021" and len(cells) == 1 else cells
    found = [f for f in check(*cells).findings if f.code in ("PN020", "PN021", "PN022")]
    assert [(f.code, f.cell, f.line, f.seen) for f in found] == ([want] if want else [])


def test_parameters_are_there_even_without_a_default(check: Check) -> None:
    assert codes(check(parameters("n: int\nm = 2"), "n + m", bare=True)) == ["PN004"]


def test_a_cell_that_may_raise_is_never_an_error(check: Check) -> None:
    cell = code("missing", metadata={"tags": ["raises-exception"]})
    assert codes(check(cell)) == ["PN022"]


def test_a_cell_that_cannot_be_read_hides_what_it_may_make(check: Check) -> None:
    assert codes(check("x = = 1", "x")) == ["PN005"]


def test_a_file_may_stand_where_a_name_does(check: Check, tmp_path) -> None:
    (tmp_path / "workspace" / "work" / "gbm").mkdir(parents=True)
    assert codes(check("%load_ext proml_lab", "%proml explain gbm")) == []


def test_a_very_long_sum_is_no_harm(check: Check) -> None:
    assert codes(check("x = " + " + ".join(["1"] * 600) + " + missing")) == ["PN021"]
    assert codes(check("x = " + " + ".join(["1"] * 9000) + " + missing", "missing")) == []
    chain = "x = [1]" + ".copy()" * 900
    assert codes(check(chain, "missing")) in (["PN021"], [])
    assert codes(check("def f():\n    return lambda: [1]" + ".copy()" * 900, "missing")) == []
    assert codes(check("x = " + "[" * 90 + "]" * 90 + "\nmissing")) == ["PN021"]


PUBLISH = "%%proml publish --yes\nview: a.b\nsql: select k from frame join hours using (k)"
LOADED = "%load_ext proml_lab"


@pytest.mark.parametrize(
    ("cells", "want"),
    [
        ([LOADED, "frame = 1", PUBLISH], []),
        ([LOADED, PUBLISH, "frame = 1"], [("PN020", 3, 1, "frame: cell 4 defines it")]),
        ([LOADED, "frame = 1\ndel frame", PUBLISH], ["frame: cell 3 deleted it"]),
        ([LOADED, PUBLISH], [("PN021", 3, 1, "frame: nothing defines it")]),
        ([LOADED, PUBLISH, "frame = hours = 1"], ["frame: cell 4", "hours: cell 4"]),
    ],
)
def test_frames_that_sql_reads(
    check: Check, tmp_path: Path, cells: list[str], want: list[object]
) -> None:
    """A source of the workspace, such as hours, is none, unless the notebook has such a name."""
    sources = tmp_path / "workspace" / "sources"
    sources.mkdir(parents=True)
    (sources / "hours.parquet").touch()
    found = check(*cells).findings
    said = [(f.code, f.cell, f.line, f.seen) for f in found if f.code.startswith("PN02")]
    assert len(said) == len(want)
    for got, one in zip(said, want, strict=True):
        assert got == one if isinstance(one, tuple) else str(one) in got[3]
