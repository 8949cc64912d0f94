"""The course of a boosted fit: how far it is, which number of trees is best, what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proml_lab.contracts import Progress

if TYPE_CHECKING:
    import lightgbm


class Course:
    """A LightGBM callback that knows after each tree what an interrupt would leave.

    `n_done` trees have grown; the first `n_best` of them are the model: up to the least loss of
    the validation rows, or all where there are none. `shift` is added to every score, in the
    leaves of the first tree. A forest that grows again has `n_trees` as many as were best.
    """

    def __init__(self, n_trees: int, loss: str, progress: Progress | None) -> None:
        self.n_trees, self.n_done, self.n_best, self.shift = n_trees, 0, 0, 0.0
        self._most, self._loss, self._progress = n_trees, loss, progress
        self._least: float | None = None
        self._booster: Any = None
        self._before = ""

    def __call__(self, env: lightgbm.callback.CallbackEnv) -> None:
        done, scores = env.iteration + 1, env.evaluation_result_list
        self._booster = env.model
        if done == 1 and self.shift:
            _shift_first_tree(self._booster, self.shift)
        loss = scores[0][2] if scores else None
        if loss is None or self._least is None or loss < self._least:
            self._least, self.n_best = loss, done
        self.n_done = done  # last: an interrupt before it finds the course as it was
        if self._progress:
            found = "" if loss is None else f": validation {self._loss} {loss:.4f}"
            which = f"of at most {self._most}{found}"
            if self._before:
                which = f"of {self.n_trees}, on all rows"
            self._progress(done / self.n_trees, f"tree {done} {which}")

    def begin_again(self) -> None:
        """The best trees so far stay until as many have grown again."""
        self._before = self.text()
        self._booster = None  # with the rows that it was grown on
        self.n_trees, self._least = self.n_best, None

    def finish(self) -> None:
        """What has grown again takes the place of what was before."""
        self._before = ""

    def text(self) -> str:
        """LightGBM's text of the best trees so far; there is at least one."""
        text: str = self._before or self._booster.model_to_string(num_iteration=self.n_best)
        return text

    def words(self) -> str:
        """How far an interrupted fit came."""
        if self._before:
            kept = f"the {self.n_trees} that leave the validation rows out are kept"
            return f"stopped before {self.n_trees} trees had grown again on all rows: {kept}"
        words = f"stopped after {self.n_done} of at most {self._most} trees"
        if self.n_best < self.n_done:
            words += f", of which the best {self.n_best} are kept"
        return words


def _shift_first_tree(booster: lightgbm.Booster, shift: float) -> None:
    """Add `shift` to the leaves of the first tree; what grows after it does not see that."""
    (tree,) = booster.dump_model(num_iteration=1)["tree_info"]
    for leaf in range(tree["num_leaves"]):
        booster.set_leaf_output(0, leaf, booster.get_leaf_output(0, leaf) + shift)
