"""Nothing is ever unpickled: the package has no way to, and a bundle with pickles is refused."""

from __future__ import annotations

import ast
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

import proml_lab
from proml_lab import load_artifact, verify
from proml_lab.contracts import Dataset
from proml_lab.errors import ArtifactError, ProMLError
from proml_lab.learners import fit, load
from proml_lab.learners.pyfunc import _load_pyfunc
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.promote import bundle, difference, reproduce, show
from proml_lab.promote.trust import (
    PublicKey,
    SigningKey,
    export_artifact,
    import_artifact,
    sign,
    signing_key,
)
from proml_lab.spec import ModelSpec
from tests.promote.trust.conftest import SPEC, make_artifact
from tests.promote.trust.test_verification import rewrite

PACKAGE = Path(proml_lab.__file__).parent
MODULES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
CALLS = {"read_pickle", "to_pickle", "allow_pickle", "pickle_load", "Unpickler"}
PLAIN = {"eval", "exec"}


def faults(tree: ast.AST) -> list[str]:
    """Where a module could unpickle or evaluate what it reads."""
    found = []
    for node in ast.walk(tree):
        names: list[str] = []
        match node:
            case ast.Import(names=aliases):
                names = [alias.name.split(".")[0] for alias in aliases]
            case ast.ImportFrom(module="mlflow.pyfunc" | "mlflow.sklearn" as module):
                found.append(module)
            case ast.ImportFrom(module=str(module)):
                names = [module.split(".")[0]]
            case ast.Attribute(attr=attr) if attr in CALLS:
                found.append(attr)
            case ast.keyword(arg=str(arg)) if arg in CALLS:
                found.append(arg)
            case ast.Call(func=ast.Name(id=name)) if name in PLAIN:
                found.append(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load")):
                found.append("torch.load")
            case ast.Attribute(
                value=ast.Name(id="mlflow" | "pyfunc"), attr="pyfunc" | "load_model"
            ):
                found.append("MLflow's loaders, which run what a folder tells them to")
        found += MODULES & set(names)
    return found


def test_the_reader_of_code_finds_what_it_looks_for() -> None:
    for code in (
        *("import pickle", "from joblib import load", "import numpy.x, dill", "eval('1')"),
        *("np.load(f, allow_pickle=True)", "pd.read_pickle(f)", "torch.load(f)", "exec(x)"),
        *("mlflow.pyfunc.load_model(f)", "pyfunc.load_model(f)", "from mlflow.pyfunc import x"),
    ):
        assert faults(ast.parse(code)), code
    assert not faults(ast.parse("re.compile('x'); np.load(f); json.load(f)"))


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_no_module_of_the_package_unpickles(path: Path) -> None:
    assert not faults(ast.parse(path.read_text(encoding="utf-8")))


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_the_trap_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Evil(tmp_path / "sprung")))
    assert (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["model/python_model.pkl", "model/predictor/model.pkl"])
def test_a_pickle_that_was_put_there_is_refused_unread(
    name: str, place: Workspace, shop: Path, tmp_path: Path
) -> None:
    (shop / name).write_bytes(pickle.dumps(Evil(tmp_path / "sprung")))
    with pytest.raises(ArtifactError, match=f"{name} is not in its manifest"):
        load_artifact("shop@1", place)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["model/model.json", "model/predictor/baseline.json"])
def test_a_pickle_in_a_file_s_place_is_refused_unread(
    name: str, place: Workspace, shop: Path, tmp_path: Path
) -> None:
    assert (shop / name).is_file()
    (shop / name).write_bytes(pickle.dumps(Evil(tmp_path / "sprung")))
    with pytest.raises(ArtifactError, match=f"{name} was changed"):
        load_artifact("shop@1", place)
    assert not (tmp_path / "sprung").exists()


LEARNERS = ("baseline", "game", "linear", "trees")
GAME = {"game": {"coordinates": ["fixed", {"random": {"entity": "x"}}]}}
LOADERS: dict[str, Callable[[Path, Workspace], object]] = {
    "load_artifact": lambda folder, place: load_artifact(folder, place).predict(ROWS),
    "learners.load": lambda folder, _: load(folder / "model").predict(ROWS),
    "show": lambda folder, place: show(folder, workspace=place),
    "difference": lambda folder, place: difference(folder, folder, workspace=place),
    "verify": lambda folder, place: verify(folder, workspace=place).require(),
    "reproduce": lambda folder, place: reproduce(folder, workspace=place),
    "export and import": lambda folder, place: import_artifact(
        export_artifact(folder, folder.with_name("x.proml"), workspace=place).path, workspace=place
    ),
    "pyfunc": lambda folder, _: _load_pyfunc(str(folder / "model")).predict(ROWS),
}
ROWS = pl.DataFrame({"x": [1.0, 2.0]})


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory, made: Path) -> dict[str, Path]:
    """By learner an artifact that a stranger has signed; the key lies beside."""
    folder = tmp_path_factory.mktemp("strangers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "settings"))
        key = signing_key(open_workspace(made))
    frame = pl.DataFrame({"x": [1.0, 2.0] * 90, "late": [0, 1] * 90})
    data = Dataset(frame, label="late", features=("x",))
    found = {}
    for learner in LEARNERS:
        place = make_artifact(folder / learner, key)
        shutil.rmtree(place / "model")
        chosen = GAME if learner == "game" else learner
        fit(ModelSpec.parse(SPEC).but(learner=chosen), data).save(place / "model")
        found[learner] = place
    return found


def places(model: Path) -> list[str]:
    """Every file of a model, and such as other libraries would unpickle."""
    there = [p.relative_to(model).as_posix() for p in model.rglob("*") if p.is_file()]
    added = ("python_model.pkl", "model.pkl", "data.pt", "predictor/model.joblib", "x.npy")
    return sorted({*there, *added})


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_stranger_s_pickle_is_run_by_nothing_that_loads(
    learner: str, strangers: dict[str, Path], place: Workspace, tmp_path: Path
) -> None:
    """In the place of each file, listed by model, manifest and signature as if it belonged."""
    sprung, secret = tmp_path / "sprung", strangers[learner].parent / "settings/proml/signing.key"
    for name in places(strangers[learner] / "model"):
        folder = shutil.copytree(strangers[learner], tmp_path / "copy")
        before = (folder / "model" / "model.json").read_bytes()
        (folder / "model" / name).write_bytes(pickle.dumps(Evil(sprung)))
        if name != "model.json":
            head = json.loads(before)
            head["files"][name] = bundle.digest(folder / "model" / name)
            bundle.write_json(folder / "model" / "model.json", head)
        (folder / "signature").unlink()
        rewrite(folder)
        public = PublicKey((folder / "signature.pub").read_bytes())
        sign(folder, SigningKey(secret, public))
        n_trusted = 0
        for call in LOADERS.values():
            with suppress(ProMLError):  # whatever it makes of it, nothing is run
                call(folder, place)
                n_trusted += call in (LOADERS["verify"], LOADERS["reproduce"])
            assert not sprung.exists(), name
        assert n_trusted == 0
        assert not (place.root / ".proml" / "runs").exists()
        shutil.rmtree(folder)
        (tmp_path / "x.proml").unlink(missing_ok=True)


CODE = """
import sys
seen = []
import polars, numpy, json
from proml_lab import load_artifact, verify
import proml_lab.learners.baseline, proml_lab.model
sys.addaudithook(lambda event, args: event == "pickle.find_class" and seen.append(args))
artifact = load_artifact(sys.argv[1], workspace=sys.argv[2])
scores = artifact.predict(polars.DataFrame({"x": [1.0, 2.0]}))
assert len(scores) == 2
assert verify(sys.argv[1], workspace=sys.argv[2])
assert not seen, seen
import pickle
pickle.loads(pickle.dumps(OSError))
assert seen, "the hook hears nothing"
"""


def test_loading_scoring_and_verifying_unpickle_nothing(made: Path) -> None:
    """Heard by the interpreter itself, which tells of every class that a pickle names."""
    command = [sys.executable, "-c", CODE, "shop@1", str(made)]
    subprocess.run(command, check=True)
