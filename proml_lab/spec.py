"""The model's own language: one document says what a model is, wherever it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    ValidationInfo,
    field_validator,
    model_validator,
)

from proml_lab import document
from proml_lab.contracts import METRIC_TASKS, Json, Task
from proml_lab.document import Document
from proml_lab.duration import ALL, Duration
from proml_lab.errors import NameNotAllowedError, choose
from proml_lab.expression import columns

NAME = re.compile(r"[a-z][a-z0-9]*([-_.][a-z0-9]+)*")


def check_name(name: str, *, role: str = "name") -> str:
    """`name` if it may be given to a model, view or artifact.

    Raises
    ------
    NameNotAllowedError
        It could not be a folder, an address and a registry key alike.
    """
    if len(name) > 80 or not NAME.fullmatch(name):
        raise NameNotAllowedError(
            f"The {role} {name!r} is not allowed.",
            hint="lower-case letters, digits and single - _ . between them, at most 80, "
            "starting with a letter: such as 'flight-delay'.",
        )
    return name


def _sql(sql: str) -> str:
    columns(sql)
    return sql


def _allowed_name(name: str) -> str:
    return check_name(name)


def _metric(text: str, info: ValidationInfo) -> str:
    """A metric of the label's task, alone or ``by`` a column."""
    name, by, column = text.partition(" by ")
    if by and not column.strip():
        raise ValueError(f"found {text!r}, which names no column; such as 'auc by carrier'")
    _check_metric(name.strip(), info)
    return text


def _gate(name: str, info: ValidationInfo) -> str:
    if not _is_check(name):
        _check_metric(name, info, other=_CHECKS)
    return name


def _is_check(name: str) -> bool:
    """Whether a gate asks for a verdict: of a check, or of one of its codes, such as PN050."""
    return name in _CHECKS or _CODE.fullmatch(name) is not None


def _check_metric(name: str, info: ValidationInfo, other: tuple[str, ...] = ()) -> None:
    label = info.data.get("label")  # absent where it is itself wrong
    task = label.task if isinstance(label, Label) else None
    fitting = [known for known, tasks in METRIC_TASKS.items() if task is None or task in tasks]
    if name not in METRIC_TASKS:
        raise ValueError(f"there is no metric {name!r}; {choose(name, [*fitting, *other])}")
    if name not in fitting:
        tasks = " or ".join(METRIC_TASKS[name])
        raise ValueError(
            f"metric {name!r} is for task {tasks}, this is {task}; {choose(name, fitting)}"
        )


def _limit(value: object) -> str:
    if not isinstance(value, str) or not (_LIMIT.fullmatch(value) or value in _OUTCOMES):
        raise ValueError(
            f"found {value!r}; write >, >=, < or <= and a number, baseline or champion, "
            "such as '>= 0.68' or '< baseline'"
        )
    return value


_CHECKS = ("leakage", "drift", "lint")
_CODE = re.compile(r"[A-Z]{2}\d{3}")
_OUTCOMES = ("pass", "warn")
_LIMIT = re.compile(r"[<>]=?\s*(-?\d+(\.\d+)?([eE][+-]?\d+)?|baseline|champion)")
Name = Annotated[str, AfterValidator(_allowed_name)]
Sql = Annotated[str, AfterValidator(_sql)]
MetricName = Annotated[str, AfterValidator(_metric)]
GateName = Annotated[str, AfterValidator(_gate)]
Limit = Annotated[str, BeforeValidator(_limit)]


class Label(Document):
    """What is predicted."""

    column: str = Field(description="column of the spine to predict")
    task: Task = Field(
        "binary",
        description="binary, regression, count or quantile; no learner does multiclass yet",
    )
    quantile: float | None = Field(
        None,
        strict=True,
        gt=0,
        lt=1,
        description="for task quantile: the share of labels that is to lie below the prediction",
    )
    weight: str | None = Field(
        None, description="column that says how much a row counts, 0 or more; absent: once"
    )
    offset: str | None = Field(
        None, description="column that is added to the score, such as the log of an exposure"
    )

    @model_validator(mode="after")
    def _one_quantile(self) -> Self:
        if self.task == "quantile" and self.quantile is None:
            raise ValueError("has task quantile and does not say which: add quantile: 0.9")
        if self.task != "quantile" and self.quantile is not None:
            raise ValueError(f"has quantile, which is for task quantile, and task {self.task}")
        return self


class Spine(Document):
    """The rows to predict for, each with its entities and its cutoff."""

    source: str = Field(description="name of a spine in the catalogue, or a path to a file")
    entities: tuple[str, ...] = Field((), description="key columns that features are joined on")
    cutoff: str | None = Field(None, description="UTC column: features known by then may be used")


class Split(Document):
    """How test rows are held out."""

    by: Literal["time", "random", "stratified", "entity"] = Field(
        "time",
        description="time: the newest rows are the test; stratified: at random, with equal shares "
        "of the label's values; entity: all rows of an entity are on one side",
    )
    test_from: datetime | date | None = Field(None, description="first cutoff of the test rows")
    test: float = Field(
        0.2, strict=True, gt=0, lt=1, description="share of test rows, if test_from is absent"
    )
    gap: Duration | None = Field(
        None, description="rows this long before the test are left out of the training"
    )
    window: Duration | None = Field(
        None, description="how long before the test, or its gap, training rows begin; absent: all"
    )
    entity: str | None = Field(
        None, description="column of the entity, for by: entity; absent: the only one of the spine"
    )

    @field_validator("test_from", mode="before")
    @classmethod
    def _a_date(cls, value: object) -> object:
        if isinstance(value, bool | int | float):
            raise ValueError(f"found {value!r}; a date such as 2013-11-01 is needed")
        return value

    @field_validator("gap", "window")
    @classmethod
    def _a_length(cls, value: timedelta | None) -> timedelta | None:
        if value == ALL:
            raise ValueError("found 'all'; give a length such as 7d, or leave it out")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        for name in ("test_from", "gap", "window"):
            if getattr(self, name) is not None and self.by != "time":
                raise ValueError(f"has {name}, which is for by: time, and by: {self.by}; give one")
        if self.entity is not None and self.by != "entity":
            raise ValueError(f"has entity, which is for by: entity, and by: {self.by}; give one")
        if self.test_from is not None and "test" in self.model_fields_set:
            raise ValueError("has test and test_from; give one of them")
        return self

    @property
    def start(self) -> datetime | None:
        """`test_from` as a moment in UTC."""
        moment = self.test_from
        if moment is None:
            return None
        if not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


class LearnerChoice(Document):
    """The learner and its options, as the learner itself reads them."""

    name: str
    options: dict[str, Any] = {}

    @model_validator(mode="wrap")
    @classmethod
    def _short_forms(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """``trees`` and ``{trees: {num_leaves: 63}}`` made long; also a list, or a formula."""
        if isinstance(value, str):
            value = {"name": value}
        elif isinstance(value, Mapping) and len(value) == 1 and "name" not in value:
            ((name, options),) = value.items()
            if isinstance(options, list):
                options = {"coordinates": options}
            elif isinstance(options, str):
                options = {"formula": options}
            value = {"name": name, "options": options or {}}
        elif isinstance(value, Mapping) and set(value) - {"name", "options"}:
            raise ValueError(
                f"found {sorted(map(str, value))}; give one learner, such as {{trees: {{}}}}"
            )
        return handler(value)


class ModelSpec(Document):
    """The one true description of a model: features, transforms, learner, split, evaluation.

    Read it with `ModelSpec.read` or `ModelSpec.parse`, write it with `to_yaml`, change it with
    `but`. Its JSON schema, for editors, is ``ModelSpec.model_json_schema()``.
    """

    proml: Literal[1] = Field(1, description="version of this language")
    name: Name = Field(description="what the model is called, and its artifact")
    description: str = Field("", description="one line for people")
    label: Label
    spine: Spine
    features: tuple[str | dict[str, list[str] | dict[str, str]], ...] = Field(
        (),
        description="views, whole or with a list of features or {new name: feature}; "
        "'spine' names the spine's own columns",
    )
    transforms: dict[str, Sql] = Field({}, description="new features: SQL over one row")
    split: Split = Split()
    learner: LearnerChoice = Field(
        LearnerChoice(name="trees"), description="a learner, or {learner: its options}"
    )
    calibrate: Literal["isotonic", "platt", "beta"] | None = Field(
        None, description="make probabilities hold: on the newest fifth of the training rows"
    )
    evaluate: tuple[MetricName, ...] = Field((), description="metrics; the task's own if empty")
    gates: dict[GateName, Limit] = Field(
        {},
        description="what must hold: metric to limit; leakage, drift, lint or a check's code to "
        "pass or warn; promote judges them and rejects a version that fails",
    )
    sensitivity: Literal["public", "internal", "personal"] | None = Field(
        None, description="the highest that a feature may have; the workspace's limit holds too"
    )
    seed: int = Field(7, strict=True, ge=0, lt=2**31, description="the seed of everything random")

    @field_validator("label", mode="before")
    @classmethod
    def _label_short_form(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value

    @field_validator("transforms", mode="before")
    @classmethod
    def _transform_names(cls, value: object) -> object:
        if isinstance(value, Mapping):
            for name in value:
                if not isinstance(name, str) or not name.isidentifier():
                    raise ValueError(f"found the name {name!r}; letters, digits and _ only")
        return value

    @field_validator("calibrate")
    @classmethod
    def _of_probabilities(cls, kind: str | None, info: ValidationInfo) -> str | None:
        label = info.data.get("label")
        if kind and isinstance(label, Label) and label.task != "binary":
            raise ValueError(f"is for task binary: a {label.task} model gives no probability")
        return kind

    @field_validator("gates")
    @classmethod
    def _gates_fit(cls, gates: dict[str, str]) -> dict[str, str]:
        for name, limit in gates.items():
            if _is_check(name) != (limit in _OUTCOMES):
                wanted = "is pass or warn" if _is_check(name) else "has a limit such as '>= 0.68'"
                raise ValueError(f"{name} {wanted}, found {limit!r}")
        return gates

    @classmethod
    def parse(cls, text: str, *, name: str = "spec") -> ModelSpec:
        """Read YAML; raises SpecError with the line and field of every mistake."""
        return document.parse(text, cls, name=name)

    @classmethod
    def read(cls, path: str | Path) -> ModelSpec:
        """Read a ``*.proml.yaml`` file; raises SpecError as `parse` does."""
        return document.read(Path(path), cls)

    def but(self, **changes: Json) -> ModelSpec:
        """A copy with some fields changed, checked again: ``spec.but(learner="linear")``."""
        data = self.model_dump(exclude_unset=True)
        return document.validate({**data, **changes}, ModelSpec, name=self.name)

    def to_yaml(self) -> str:
        """The document, fields in the language's order, defaults left out; `parse` reads it."""
        data: dict[str, Any] = _plain(self.model_dump(exclude_defaults=True))
        data = {"proml": self.proml, **data}
        if "learner" in data:
            chosen = data["learner"]
            options = chosen.get("options")
            data["learner"] = {chosen["name"]: options} if options else chosen["name"]
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)

    def requested(self) -> dict[str, dict[str, str] | None]:
        """View name to {column: feature}; None stands for all features of the view."""
        wanted: dict[str, dict[str, str] | None] = {}
        for item in self.features:
            for view, names in ({item: None} if isinstance(item, str) else item).items():
                if names is None:
                    wanted[view] = None
                    continue
                chosen = names if isinstance(names, dict) else {name: name for name in names}
                before = wanted.get(view, {})
                wanted[view] = None if before is None else {**before, **chosen}
        return wanted

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        return html.code(self.to_yaml(), title=f"Model spec {self.name}")


def _plain(value: Any) -> Any:
    """Tuples as lists, all the way down: what YAML's safe dumper writes."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
