"""What the specs and notebooks of a workspace say of features: read as text, never run."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from proml_lab.errors import SpecError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.know.checkout import last_changes
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.view import SPINE, FeatureView
from proml_lab.spec import ModelSpec

SPEC_ENDING = (".proml.yaml", ".proml.yml")
_NAME = re.compile(r"([A-Za-z_][\w.-]*)(?:@(\d+)(?:\.([A-Za-z_]\w*))?)?")
_ASKS = re.compile(
    r"^\s*[%!]\s*proml\s+(?:publish|browse|features(?!\s+(?:lookup|materialize)))\b.*$",
    re.MULTILINE,
)
"""A line that asks about features, or publishes them, and does not use them."""
_PUBLISHES = re.compile(r"\s*%%proml\s+publish\b|.*(?<![\w.])publish\(", re.DOTALL)
_SKIPPED = {"node_modules", "__pycache__"}


Views = Mapping[str, FeatureView]


@dataclass(frozen=True)
class Mentions:
    """Uses by specs and notebooks; `notes` name the files that could not be read, and why.

    `unread` are the paths of specs among these: what they ask for, nobody can tell.
    """

    uses: tuple[Use, ...]
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def mentions(root: Path, catalog: Catalog) -> Mentions:
    """Every use of a feature by a ``*.proml.yaml`` file or a notebook below `root`.

    A spec uses what it asks for. A notebook uses a feature whose full name, ``view.feature``,
    stands in one of its code cells; or whose short name stands in a cell that names the view; a
    cell that names a view and none of its features uses them all. Names behind ``view@1`` are of
    that version. A cell that publishes (``%%proml publish``, ``publish(``) uses nothing, nor does
    a line that asks about features (``%proml features …``). Folders whose name begins with a dot
    are left out. Who and when is told by git, for files that it does not know when by the file's
    own time.
    """
    texts, notes, unread = {}, [], []
    for name in _files(root):
        try:
            texts[name] = (root / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            notes.append(f"{name} cannot be read: {error}.")
            unread += [name] if name.endswith(SPEC_ENDING) else []
    found = read(texts, catalog)
    changes = last_changes(root, sorted({use.name for use in found.uses}))
    dated = []
    for use in found.uses:
        change = changes.get(use.name)
        if change:
            dated.append(replace(use, who=change.who, when=change.when))
        else:
            at = datetime.fromtimestamp((root / use.name).stat().st_mtime, UTC)
            dated.append(replace(use, when=at))
    return Mentions(tuple(dated), (*notes, *found.notes), (*unread, *found.unread))


def state(root: Path, artifacts: Path) -> str:
    """What changes whenever a spec or notebook below `root` does, or what is promoted.

    `artifacts` is the folder of promoted versions, ``name/version``.
    """
    files = [root / name for name in _files(root)]
    files += sorted(artifacts.glob("*/*/manifest.json"))
    said = [f"{file}:{stat.st_size}:{stat.st_mtime_ns}" for file in files if (stat := _stat(file))]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def _stat(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:
        return None


def read(texts: Mapping[str, str], catalog: Catalog) -> Mentions:
    """The same of `texts`, by their paths; without who and when."""
    uses: list[Use] = []
    notes: list[str] = []
    unread: list[str] = []
    views = {view.view: view for view in catalog.views}
    for name, text in texts.items():
        try:
            if name.endswith(SPEC_ENDING):
                uses += _of_spec(name, text, views)
            else:
                uses += _of_notebook(name, text, views)
        except SpecError as error:
            notes.append(f"{name} is no spec that can be read: {error.message.splitlines()[0]}")
            unread.append(name)
        except (ValueError, LookupError, TypeError, AttributeError):
            notes.append(f"{name} is no notebook that can be read.")
    return Mentions(tuple(uses), tuple(notes), tuple(unread))


def wanted(name: str) -> bool:
    """Whether the file at the path `name` may be a spec or a notebook that counts."""
    hidden = any(part.startswith(".") or part in _SKIPPED for part in name.split("/"))
    return not hidden and name.endswith((*SPEC_ENDING, ".ipynb"))


def _files(root: Path) -> Iterator[str]:
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(one for one in inner if one not in _SKIPPED and one[0] != ".")
        for name in sorted(names):
            path = (Path(folder) / name).relative_to(root).as_posix()
            if wanted(path):
                yield path


def _of_spec(name: str, text: str, known: Views) -> Iterator[Use]:
    spec = ModelSpec.parse(text, name=name)
    for asked, columns in spec.requested().items():
        view, pin, _ = asked.partition("@")
        if view.partition(".")[0] == SPINE:
            continue
        if columns is not None:
            features: Iterable[str] = columns.values()
        elif view in known:
            features = known[view].features
        else:  # view.feature as one text, or a view that is gone
            view, _, short = view.rpartition(".")
            features = [short]
        for feature in features:
            yield Use(view, feature, "spec", name, model=spec.name, pinned=bool(pin))


def _of_notebook(name: str, text: str, views: Views) -> Iterator[Use]:
    pinned: dict[tuple[str, str], bool] = {}
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            said = source if isinstance(source, str) else "".join(source)
            for view, feature, pin in named(said, views):
                pinned[view, feature] = pin and pinned.get((view, feature), True)
    for (view, feature), pin in pinned.items():
        yield Use(view, feature, "notebook", name, pinned=pin)


def named(text: str, views: Views) -> Iterator[tuple[str, str, bool]]:
    """(view, feature, whether of a published version) of each feature that the code `text` names.

    The rule is that of `mentions`.
    """
    if _PUBLISHES.match(text):
        return
    found = [
        (name.rstrip(".-"), number, short)
        for name, number, short in _NAME.findall(_ASKS.sub("", text))
    ]
    words = {name for name, _, _ in found}
    for name, number, short in dict.fromkeys(found):
        if name in views:
            some = [short] if short else [one for one in views[name].features if one in words]
            yield from ((name, one, bool(number)) for one in some or views[name].features)
        view, _, one = name.rpartition(".")
        if view in views and one in views[view].features:
            yield view, one, False
