"""What a parameter's value must keep to: bounds, a length, a choice."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

Bound = int | float | date
Plain = None | bool | int | float | str | date
_STRICTER = {"ge": max, "gt": max, "min_length": max, "le": min, "lt": min, "max_length": min}


@dataclass(frozen=True)
class Limits:
    """Bounds of a number or date, of the length of a text or list, and the values to choose from.

    `choices` are all of one type; none means that there is no choice to be made.
    """

    ge: Bound | None = None
    gt: Bound | None = None
    le: Bound | None = None
    lt: Bound | None = None
    min_length: int | None = None
    max_length: int | None = None
    choices: tuple[Plain, ...] = ()

    def allow(self, value: object) -> bool:
        """Whether `value`, which is of the right type, keeps to all of them."""
        if self.choices:
            return value in self.choices
        if isinstance(value, int | float | date):
            return not (
                (self.ge is not None and not value >= self.ge)  # type: ignore[operator]
                or (self.gt is not None and not value > self.gt)  # type: ignore[operator]
                or (self.le is not None and not value <= self.le)  # type: ignore[operator]
                or (self.lt is not None and not value < self.lt)  # type: ignore[operator]
            )
        if isinstance(value, Sized):
            few = self.min_length is not None and len(value) < self.min_length
            many = self.max_length is not None and len(value) > self.max_length
            return not (few or many)
        return True

    def narrowed(self, **limits: Bound) -> Limits:
        """With these limits too: of two of a kind, the stricter one holds."""
        kept: dict[str, Any] = {}
        for name, limit in limits.items():
            now = getattr(self, name)
            kept[name] = limit if now is None else _STRICTER[name](now, limit)
        return replace(self, **kept)

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) not in (None, ()) for f in fields(self))

    def __str__(self) -> str:
        """What is allowed: ``1 to 100``, ``more than 0``, ``one of a, b``; empty for anything."""
        if self.choices:
            return f"one of {', '.join(map(shown, self.choices))}"
        rules = _range(self.ge, self.le)
        rules += [f"more than {shown(self.gt)}"] if self.gt is not None else []
        rules += [f"less than {shown(self.lt)}"] if self.lt is not None else []
        rules += [f"of length {rule}" for rule in _range(self.min_length, self.max_length)]
        return " and ".join(rules)


NO_LIMITS = Limits()


def shown(value: object) -> str:
    """A value as a person types it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def _range(low: Bound | None, high: Bound | None) -> list[str]:
    match low, high:
        case None, None:
            return []
        case _, None:
            return [f"at least {shown(low)}"]
        case None, _:
            return [f"at most {shown(high)}"]
    return [shown(low) if low == high else f"{shown(low)} to {shown(high)}"]
