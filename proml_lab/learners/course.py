"""The course of a boosted fit: how far it is, which number of trees is best, what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proml_lab.contracts import Progress

if TYPE_CHECKING:
    import lightgbm


class Course:
    """A LightGBM callback that knows after each tree what an interrupt would leave.

    `n_done` trees have grown; the first `n_best` of them are the model: up to the least loss of
    the validation rows, or all where there are none.
    """

    def __init__(self, n_trees: int, loss: str, progress: Progress | None) -> None:
        self.n_done = self.n_best = 0
        self._n_trees, self._loss, self._progress = n_trees, loss, progress
        self._least: float | None = None
        self._booster: Any = None

    def __call__(self, env: lightgbm.callback.CallbackEnv) -> None:
        done, scores = env.iteration + 1, env.evaluation_result_list
        loss = scores[0][2] if scores else None
        self._booster = env.model
        if loss is None or self._least is None or loss < self._least:
            self._least, self.n_best = loss, done
        self.n_done = done  # last: an interrupt before it finds the course as it was
        if self._progress:
            found = "" if loss is None else f": validation {self._loss} {loss:.4f}"
            self._progress(done / self._n_trees, f"tree {done} of at most {self._n_trees}{found}")

    def text(self) -> str:
        """LightGBM's text of the best trees so far; there is at least one."""
        text: str = self._booster.model_to_string(num_iteration=self.n_best)
        return text

    def words(self) -> str:
        """How far an interrupted fit came."""
        words = f"stopped after {self.n_done} of at most {self._n_trees} trees"
        if self.n_best < self.n_done:
            words += f", of which the best {self.n_best} are kept"
        return words
