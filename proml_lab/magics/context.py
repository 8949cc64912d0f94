"""What a verb may ask of the place it runs in: the workspace, names, files, and a progress bar."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import SourceError, UsageError, unknown
from proml_lab.magics.parser import variable
from proml_lab.magics.progress import Style, progress

if TYPE_CHECKING:
    from proml_lab.contracts import Dataset, Progress
    from proml_lab.marketplace.workspace import Workspace
    from proml_lab.model import Model
    from proml_lab.spec import ModelSpec

Names = MutableMapping[str, object]


class Context:
    """The surroundings of a verb.

    Parameters
    ----------
    names
        The notebook's variables, or None on the command line: there, names are files, folders
        and artifacts.
    folder
        The workspace asked for; empty for ``PROML_WORKSPACE``, else the one around the current
        folder.
    style
        How progress is shown.
    suggest
        Puts a text into a new cell below this one, where that is possible.
    """

    def __init__(
        self,
        names: Names | None = None,
        *,
        folder: str = "",
        style: Style = "lines",
        suggest: Callable[[str], object] | None = None,
    ) -> None:
        self.names = names
        self.folder = folder
        self.style = style
        self.rows = 0
        self._suggest = suggest

    @property
    def in_notebook(self) -> bool:
        """Whether results are kept as variables; else they are kept as files."""
        return self.names is not None

    @property
    def workspace(self) -> Workspace:
        """Opened each time: its settings, or the current folder, may have changed."""
        from proml_lab.marketplace.workspace import open_workspace

        return open_workspace(self.folder or None)

    @property
    def max_rows(self) -> int:
        """Rows shown of a table: `rows`, or what the workspace's settings say if that is 0."""
        return self.rows or self.workspace.config.rows

    def progress(self, title: str) -> AbstractContextManager[Progress]:
        """``with context.progress("gbm") as tell:`` and hand `tell` to the long call."""
        return progress(title, self.style)

    def next_cell(self, text: str) -> None:
        """Offer `text` as the next cell of the notebook; the command line has none."""
        if self._suggest is not None:
            self._suggest(text)

    def value(self, name: str) -> object:
        """What `name` stands for: a variable, a file, a model's folder, or an artifact.

        Raises
        ------
        SourceError
            It looks like a file, and there is none.
        UnknownNameError
            It looks like a name, and nothing has it; the nearest names are in the hint.
        """
        if self.names is not None and name in self.names:
            return self.names[name]
        from proml_lab.magics import keep

        if "@" in name and not Path(name).exists():
            from proml_lab.promote import load_artifact

            return load_artifact(name, workspace=self.workspace)
        if Path(name).exists():
            return keep.read(Path(name))
        if "/" in name or Path(name).suffix in {".yaml", ".yml", ".parquet"}:
            raise SourceError(f"There is no file {name!r}.", hint=f"paths start at {Path.cwd()}.")
        kept = keep.readable(Path())
        if self.names is None:
            raise unknown("file, model folder or artifact", name, kept)
        raise unknown("variable", name, [*self.live(), *kept])

    def live(self, *kinds: type) -> list[str]:
        """Names of the notebook's variables that hold one of ours, or one of `kinds`."""
        if self.names is None:
            return []
        return [
            name
            for name, value in self.names.items()
            if not name.startswith("_")
            and (
                isinstance(value, kinds)
                if kinds
                else type(value).__module__.startswith("proml_lab.")
                and not isinstance(value, type)
                and not callable(value)
            )
        ]

    def spec(self, name: str) -> ModelSpec:
        """The spec called `name`: a ModelSpec, a model's own, or a ``*.proml.yaml`` file."""
        from proml_lab.model import Model
        from proml_lab.spec import ModelSpec

        value = self.value(name)
        if isinstance(value, Model):
            return value.spec
        if isinstance(value, ModelSpec):
            return value
        raise _wrong(name, value, "a model spec", self.live(ModelSpec))

    def model(self, name: str) -> Model:
        """The model called `name`: a Model, a saved one, an artifact's, or a spec fitted now."""
        from proml_lab.authoring import fit
        from proml_lab.model import Model
        from proml_lab.promote import Artifact
        from proml_lab.spec import ModelSpec

        value = self.value(name)
        if isinstance(value, Artifact):
            return value.model
        if isinstance(value, ModelSpec):
            with self.progress(value.name) as tell:
                return fit(value, workspace=self.workspace, progress=tell)
        if isinstance(value, Model):
            return value
        raise _wrong(name, value, "a model", self.live(Model))

    def dataset(self, name: str) -> Dataset:
        """The dataset called `name`: a Dataset, one kept in a file, or what a spec asks for."""
        from proml_lab.contracts import Dataset
        from proml_lab.spec import ModelSpec

        value = self.value(name)
        if isinstance(value, ModelSpec):
            return self.workspace.dataset(value)
        if isinstance(value, Dataset):
            return value
        raise _wrong(name, value, "a dataset", self.live(Dataset))

    def require_free(self, name: str) -> None:
        """Raise UsageError, before any work is done, if `bind` could not keep under `name`."""
        if self.names is None:
            from proml_lab.magics import keep

            keep.require_new(Path(name))

    def bind(self, name: str, value: object) -> None:
        """Keep `value` under `name`: a variable in a notebook, else a file or folder.

        Raises
        ------
        UsageError
            `name` cannot be a variable, or `value` cannot be kept in a file.
        """
        if self.names is None:
            from proml_lab.magics import keep

            keep.write(value, Path(name))
        else:
            self.names[variable(name)] = value


def _wrong(name: str, value: object, wanted: str, live: list[str]) -> UsageError:
    there = f"there is {', '.join(live)}." if live else "make one first: see %proml help."
    return UsageError(f"{name!r} is a {type(value).__name__}, not {wanted}.", hint=there)
