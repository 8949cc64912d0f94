"""Options of the GAME learner: its coordinates, and when their sweeps end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, field_validator, model_validator

from proml_lab.document import Document
from proml_lab.learners.game.formula import parse


class Fixed(Document):
    """Coefficients that all rows share."""

    features: tuple[str, ...] | None = Field(None, description="which features; absent: all")
    l2: float = Field(1.0, strict=True, gt=0, description="weight of the ridge penalty, above 0")
    min_count: int = Field(
        20, strict=True, ge=1, description="levels in fewer rows share one coefficient"
    )
    last: Literal["start", "locked"] = Field(
        "start", description="what the last model's coefficients are: a start, or kept as they are"
    )


class Random(Document):
    """Coefficients of each entity."""

    entity: tuple[str, ...] = Field(description="column, or columns, that name the entity")
    features: tuple[str, ...] = Field((), description="features that have a slope for each entity")
    intercept: bool = Field(True, strict=True, description="whether each entity has an intercept")
    l2: float | Literal["auto"] = Field(
        "auto", description="weight of the ridge penalty, above 0; auto: found from the data"
    )
    correlated: bool = Field(
        False, strict=True, description="l2: auto finds how intercept and slopes vary together"
    )
    min_rows: int = Field(
        1, strict=True, ge=1, description="entities with fewer rows get no coefficients"
    )
    max_rows: int | None = Field(
        None, strict=True, ge=1, description="most rows of an entity that are learnt from, drawn"
    )
    last: Literal["start", "prior", "locked"] = Field(
        "start",
        description="what the last model's coefficients are: a start, what is believed "
        "before the rows of now, or kept as they are",
    )

    @field_validator("entity", mode="before")
    @classmethod
    def _one_entity(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("entity")
    @classmethod
    def _some_entity(cls, entity: tuple[str, ...]) -> tuple[str, ...]:
        if not entity or len(set(entity)) < len(entity):
            raise ValueError("names no column, or one twice; such as tailnum, or [carrier, dest]")
        return entity

    @field_validator("l2")
    @classmethod
    def _above_zero(cls, l2: float | str) -> float | str:
        if not isinstance(l2, str) and l2 <= 0:
            raise ValueError(f"found {l2}; it must be above 0, or auto")
        return l2

    @model_validator(mode="after")
    def _has_columns(self) -> Self:
        if not self.intercept and not self.features:
            raise ValueError("has neither an intercept nor features")
        if self.correlated and self.l2 != "auto":
            raise ValueError("has correlated, which is for l2: auto")
        if self.last == "prior" and self.l2 != "auto":
            raise ValueError("has last: prior, which takes the place of l2")
        return self


class Coordinate(Document):
    """One coordinate: its kind and what that takes."""

    fixed: Fixed | None = None
    random: Random | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _one_kind(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        kinds = " or ".join(cls.model_fields)
        if isinstance(value, str):
            value = {value: {}}
        if isinstance(value, Mapping) and len(value) == 1:
            ((kind, options),) = value.items()
            return handler({kind: {} if options is None else options})
        if isinstance(value, Mapping) and set(value) == set(cls.model_fields):  # checked before
            return handler(value)
        raise ValueError(f"found {value!r}; give one of {kinds}, such as {{fixed: {{l2: 1.0}}}}")

    @property
    def chosen(self) -> Fixed | Random:
        return self.fixed if self.fixed is not None else self.random  # type: ignore[return-value]


class GameOptions(Document):
    """Options of GAME; a list is short for its coordinates alone, a text for its formula."""

    coordinates: tuple[Coordinate, ...] = Field(
        (), description="what the score is the sum of, in the order in which they are fitted"
    )
    formula: str | None = Field(None, description="the coordinates, as a formula of lme4")
    last: str | None = Field(
        None, min_length=1, description="folder of a saved GAME model to learn on from"
    )
    sweeps: int = Field(30, strict=True, ge=1, description="most sweeps over all coordinates")
    tolerance: float = Field(
        1e-6, strict=True, gt=0, description="sweeps end when the loss gains less, as a share"
    )

    @model_validator(mode="before")
    @classmethod
    def _of_formula(cls, value: object) -> object:
        if isinstance(value, Mapping) and isinstance(value.get("formula"), str):
            return {"coordinates": parse(value["formula"]).coordinates, **value}
        return value

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if not self.coordinates:
            raise ValueError("there is no coordinate; such as [fixed, {random: {entity: user}}]")
        if self.formula is not None:
            made = parse(self.formula).coordinates
            if tuple(Coordinate.model_validate(one) for one in made) != self.coordinates:
                raise ValueError("has a formula, and coordinates that say otherwise; give one")
        return self

    @field_validator("coordinates")
    @classmethod
    def _fitting(cls, coordinates: tuple[Coordinate, ...]) -> tuple[Coordinate, ...]:
        if sum(c.fixed is not None for c in coordinates) > 1:
            raise ValueError("there are two fixed coordinates; give one, with all its features")
        seen: list[Any] = [c.random.entity for c in coordinates if c.random]
        twice = next((entity for entity in seen if seen.count(entity) > 1), None)
        if twice:
            raise ValueError(
                f"there are two random coordinates of {', '.join(twice)}; put their features in one"
            )
        return coordinates
