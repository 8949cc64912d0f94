"""Randomness without a seed: numpy, random, torch, LightGBM, scikit-learn, frames."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from proml_lab.promote.lint.calls import Call, Calls
from proml_lab.promote.lint.frames import Frames
from proml_lab.promote.lint.subject import Seen

_SEEDS = {
    "numpy.random.seed": "numpy",
    "random.seed": "random",
    "torch.manual_seed": "torch",
    "polars.set_random_seed": "polars",
}
_SEED_ALL = re.compile(r"(?:.*\.)?(?:seed_everything|set_seed|enable_full_determinism)")
_GENERATORS = {
    *("numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.SeedSequence"),
    *("numpy.random.PCG64", "numpy.random.MT19937", "numpy.random.Philox", "random.Random"),
}
_NUMPY = re.compile(
    r"numpy\.random\.(?!seed|default_rng|RandomState|SeedSequence|Generator|PCG64|MT19937|Philox"
    r"|SFC64|get_state|set_state|BitGenerator|mtrand)[a-z_]\w*"
)
_RANDOM = re.compile(r"random\.(?!seed|Random|SystemRandom|getstate|setstate)[a-z]\w*")
_TORCH = re.compile(
    r"torch\.(?:rand|randn|randint|randperm|rand_like|randn_like|normal|bernoulli|multinomial"
    r"|nn\.(?:Linear|Conv\w+|LSTM|GRU|RNN|Embedding|Transformer\w*|MultiheadAttention)"
    r"|nn\.init\.(?:xavier|kaiming|normal|uniform|trunc)\w*|utils\.data\.random_split)"
)
_NEVER = re.compile(r"secrets\.\w+|os\.urandom|uuid\.uuid[14]|random\.SystemRandom")
_LIGHTGBM = re.compile(r"lightgbm\.LGBM(?:Classifier|Regressor|Ranker|Model)")
_SKLEARN = re.compile(
    r"sklearn\..*\b(?:RandomForest\w+|ExtraTrees\w+|GradientBoosting\w+|HistGradientBoosting\w+"
    r"|ExtraTree\w+|DecisionTree\w+|Bagging\w+|AdaBoost\w+|MLP\w+|SGD\w+|Perceptron|KMeans"
    r"|MiniBatch\w+|GaussianMixture|BayesianGaussianMixture|IsolationForest|RandomTreesEmbedding"
    r"|TSNE|RandomizedSearchCV|HalvingRandomSearchCV|ShuffleSplit|StratifiedShuffleSplit"
    r"|GroupShuffleSplit|RepeatedKFold|RepeatedStratifiedKFold|train_test_split|make_\w+"
    r"|shuffle|resample|permutation_importance|learning_curve_?|Nystroem|RBFSampler)"
)
_STEADY = re.compile(r"sklearn\..*\bmake_(?:pipeline|union|scorer|column_\w+)")
_SHUFFLED = re.compile(r"sklearn\.model_selection\.(?:KFold|StratifiedKFold|StratifiedGroupKFold)")
_SEED_NAMES = ("random_state", "seed", "rng", "generator", "random_seed")
_SEEDED_BY = {"seed", "random_state", "random_seed", "bagging_seed", "deterministic"}
_SHARES = ("n", "frac", "fraction")


def check(calls: Calls) -> Iterator[Seen]:
    """PN050: each call that draws from what nothing has seeded before it, and PN051: that nothing,
    a promotion neither, can seed.
    """
    seeded: set[str] = set()
    frames = Frames(calls)
    for call in calls.all:
        if _SEED_ALL.fullmatch(call.name) and call.node.args:
            seeded |= {"numpy", "random", "torch", "polars"}
        elif call.name in _SEEDS and _given(call, 0, "seed", "a"):
            seeded.add(_SEEDS[call.name])
        elif not call.is_open and _unseedable(call):
            yield Seen("PN051", call.cell.number, call.line, call.shown)
        elif call.is_open:
            continue
        elif _draws(call, seeded) or _samples(call, seeded, frames) or _trains(call, calls):
            yield Seen("PN050", call.cell.number, call.line, call.shown)


def _unseedable(call: Call) -> bool:
    """Whether it takes what the system gives: a generator made or seeded without a seed."""
    if call.name in _SEEDS or call.name in _GENERATORS:
        return not _given(call, 0, "seed", "a", "x", "entropy")
    return bool(_NEVER.fullmatch(call.name))


def _draws(call: Call, seeded: set[str]) -> bool:
    """Whether it draws from a generator that is seeded by a promotion and by nothing else."""
    name = call.name
    if _NUMPY.fullmatch(name):
        return "numpy" not in seeded
    if _RANDOM.fullmatch(name):
        return "random" not in seeded
    if _TORCH.fullmatch(name):
        return "torch" not in seeded and not _seeded(call)
    if name == "torch.utils.data.DataLoader":
        return "torch" not in seeded and _is_true(call, "shuffle") and not _seeded(call)
    if _LIGHTGBM.fullmatch(name):
        return not _seeded(call)
    if _SKLEARN.fullmatch(name) and not _STEADY.fullmatch(name):
        off = name.endswith("train_test_split") and _is_false(call, "shuffle")
        return "numpy" not in seeded and not off and not _seeded(call)
    if _SHUFFLED.fullmatch(name):
        return "numpy" not in seeded and _is_true(call, "shuffle") and not _seeded(call)
    return False


def _samples(call: Call, seeded: set[str], frames: Frames) -> bool:
    """Whether it takes some rows of a frame: of one that is known, or by the words for how many."""
    if call.name != ".sample" or {"numpy", "polars"} & seeded or _seeded(call):
        return False
    if frames.is_frame(call.owner):
        return True
    words = {keyword.arg for keyword in call.node.keywords}
    return bool(words & set(_SHARES)) and not frames.may_be_own(call.owner, "sample")


def _trains(call: Call, calls: Calls) -> bool:
    """Whether it trains with LightGBM by parameters that are all known, and give no seed."""
    if call.name not in ("lightgbm.train", "lightgbm.cv"):
        return False
    params = call.argument(0, "params")
    if isinstance(params, ast.Name):
        if params.id in calls.subject.parameters or _is_added_to(params.id, calls):
            return False
        params = calls.constants.get(params.id)
    if isinstance(params, ast.Call) and calls.name(params.func) == "dict" and not params.args:
        names = {keyword.arg for keyword in params.keywords}
        return None not in names and not names & _SEEDED_BY
    return _unseeded_literal(params)


def _is_added_to(name: str, calls: Calls) -> bool:
    """Whether something may give the dict `name` a seed later on."""
    for _, node in calls.nodes:
        match node:
            case ast.Subscript(value=ast.Name(id=found), slice=key, ctx=ast.Store()):
                known = isinstance(key, ast.Constant) and key.value not in _SEEDED_BY
                if found == name and not known:
                    return True
            case ast.Attribute(value=ast.Name(id=found), attr="update" | "setdefault"):
                if found == name:
                    return True
            case ast.AugAssign(target=ast.Name(id=found)) if found == name:
                return True
    return False


def _given(call: Call, place: int, *names: str) -> bool:
    found = call.argument(place, *names)
    return found is not None and not (isinstance(found, ast.Constant) and found.value is None)


def _seeded(call: Call) -> bool:
    return _given(call, len(call.node.args), *_SEED_NAMES)


def _is_true(call: Call, name: str) -> bool:
    return _constant(call, name) is True


def _is_false(call: Call, name: str) -> bool:
    return _constant(call, name) is False


def _constant(call: Call, name: str) -> object:
    found = call.argument(len(call.node.args), name)
    return found.value if isinstance(found, ast.Constant) else None


def _unseeded_literal(params: ast.expr | None) -> bool:
    """Whether `params` is a plain dict that gives no seed."""
    if not isinstance(params, ast.Dict) or None in params.keys:
        return False
    keys = {key.value for key in params.keys if isinstance(key, ast.Constant)}
    return not keys & _SEEDED_BY
