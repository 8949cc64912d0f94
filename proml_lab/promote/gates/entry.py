"""What a manifest says of gates: each with its figures and verdict, and who overrode them."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from proml_lab.document import Document
from proml_lab.errors import UsageError

Status = Literal["accepted", "rejected", "overridden"]
PASSED, FAILED, UNCHECKED = "passed", "failed", "not checked"


class GateEntry(Document):
    """One gate of the spec and its verdict."""

    gate: str = Field(description="a metric, or lint, leakage, drift or the code of a check")
    limit: str = Field(description="as the spec has it, such as >= 0.68")
    verdict: Literal["passed", "failed", "not checked"]
    value: float | None = Field(None, description="of the model on its held-out rows")
    low: float | None = Field(None, description="the value's 95 % interval")
    high: float | None = None
    against: str | None = Field(None, description="baseline, or the champion as name@version")
    other: float | None = Field(None, description="the value of what it is held against")
    difference: float | None = Field(None, description="value less other")
    difference_low: float | None = Field(None, description="the difference's paired 95 % interval")
    difference_high: float | None = None
    why: str = Field(description="one sentence")
    mend: str = Field("", description="what would help, where it did not pass")

    @property
    def stops(self) -> bool:
        """Whether the version is rejected for it; a gate of `warn` only warns."""
        return self.verdict != PASSED and self.limit != "warn"


class Override(Document):
    """Why a version that its gates reject may be used all the same."""

    reason: str
    who: str = Field(description="the account's name, as the environment gives it")
    when: str = Field(description="UTC, ISO 8601, seconds")


class HeldOutEntry(Document):
    """Which rows the model was measured on."""

    rows: str = Field(description="fingerprint of their keys and labels, in their order")
    n_rows: int
    first: str | None = Field(None, description="their first cutoff, ISO 8601 in UTC")
    last: str | None = Field(None, description="their last cutoff")


class TrainedEntry(Document):
    """The period of the training rows."""

    first: str = Field(description="their first cutoff, ISO 8601 in UTC")
    last: str = Field(description="their last cutoff")


def status_of(gates: Iterable[GateEntry], override: Override | None) -> Status:
    """``rejected`` if a gate stops it, ``overridden`` if someone said to go on all the same."""
    if not any(gate.stops for gate in gates):
        return "accepted"
    return "overridden" if override else "rejected"


def overriding(reason: str | None) -> Override | None:
    """An override by whoever runs this process, now; None for no reason.

    Raises
    ------
    UsageError
        The reason is empty.
    """
    if reason is None:
        return None
    if not reason.strip():
        raise UsageError(
            "An override needs a reason.", hint='such as: --override "agreed with the risk team".'
        )
    when = datetime.now(UTC).replace(microsecond=0).isoformat()
    return Override(reason=reason.strip(), who=_account(), when=when)


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return f"uid {os.getuid()}"


def said(gates: Iterable[GateEntry]) -> str:
    """All gates in a few words: ``2 passed``, or ``failed: auc, brier; 2 passed``."""
    every = list(gates)
    parts = []
    for verdict in (FAILED, UNCHECKED):
        named = [gate.gate for gate in every if gate.verdict == verdict]
        parts += [f"{verdict}: {', '.join(named)}"] if named else []
    passed = sum(gate.verdict == PASSED for gate in every)
    return "; ".join([*parts, *([f"{passed} passed"] if passed else [])])
