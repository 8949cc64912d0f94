"""How a run stands: its gates judged, its status, and whether someone overrode them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proml_lab.errors import GateError, ProMLError
from proml_lab.promote.bundle import LintEntry
from proml_lab.promote.gates import held_out
from proml_lab.promote.gates.entry import (
    GateEntry,
    HeldOutEntry,
    Override,
    Status,
    TrainedEntry,
    overriding,
    status_of,
)
from proml_lab.promote.gates.held_out import HeldOut
from proml_lab.promote.gates.judge import Champion, Evidence, judge
from proml_lab.promote.lint import CHECKS, LintReport
from proml_lab.promote.lint.report import told
from proml_lab.promote.recorded import Recorded
from proml_lab.promote.registry import Registry
from proml_lab.spec import ModelSpec

CHAMPION = "champion"
_RANKS = {"pass": 0, "warn": 1, "fail": 2}


@dataclass(frozen=True)
class Standing:
    """The verdicts on a run, before it has a version.

    `held` is what they were measured on, `lint` what lint found and let through, or was muted.
    """

    gates: tuple[GateEntry, ...] = ()
    override: Override | None = None
    held: HeldOut | None = None
    lint: tuple[LintEntry, ...] = ()

    @property
    def status(self) -> Status:
        return status_of(self.gates, self.override)

    @property
    def rows(self) -> HeldOutEntry | None:
        """Which rows it was measured on, for the manifest."""
        held = self.held
        if held is None:
            return None
        first, last = held.period or (None, None)
        return HeldOutEntry(rows=held.rows, n_rows=len(held.y), first=first, last=last)

    @property
    def trained(self) -> TrainedEntry | None:
        """The period of the training rows, for the manifest."""
        if self.held is None or self.held.trained is None:
            return None
        first, last = self.held.trained
        return TrainedEntry(first=first, last=last)

    def tags(self) -> dict[str, str]:
        """What the registry is told."""
        told: dict[str, str] = {"proml.status": self.status}
        if self.override:
            told["proml.override"] = self.override.reason
            told["proml.override.who"] = self.override.who
            told["proml.override.when"] = self.override.when
        return told


def stand(
    outputs: Path,
    recorded: Recorded,
    *,
    name: str,
    registry: Registry,
    lint: LintReport | None,
    override: str | None = None,
) -> Standing:
    """Judge the gates of the declared model, which lies in ``outputs/model``.

    `registry` is asked for the champion of `name` only if a gate names it. `lint` is what lint
    found in the notebook; what is muted there does not count. An override is kept only where a
    gate would stop the version.

    Raises
    ------
    RegistryError
        The champion is asked for, and the registry cannot be read.
    """
    spec = ModelSpec.read(outputs / "model" / "spec.proml.yaml")
    held = held_out.read(outputs)
    checks = dict(_checks(outputs, recorded))
    if lint is not None:
        checks |= _linted(lint)
    evidence = Evidence(held, tuple(recorded.own()), lambda: champion_of(registry, name), checks)
    gates = judge(spec, evidence)
    stopped = any(gate.stops for gate in gates)
    entries = lint.all if lint is not None else ()
    return Standing(
        gates,
        overriding(override) if stopped else None,
        held,
        tuple(LintEntry.model_validate(finding.document()) for finding in entries),
    )


def champion_of(registry: Registry, name: str) -> Champion | None:
    """The version of `name` with the alias champion, ready to predict; None if there is none."""
    from proml_lab.learners import load
    from proml_lab.promote.trust.seal import sealed

    found = [v for v in registry.versions(name) if CHAMPION in v.aliases]
    if not found:
        return None
    key = f"{name}@{found[0].version}"
    folder = registry.place(name, found[0].version)
    try:
        sealed(folder, ["model"])
        return Champion(key, load(folder / "model").predict)
    except ProMLError as error:
        return Champion(key, trouble=error.message.rstrip("."))


def rejection(artifact: object, key: str, gates: tuple[GateEntry, ...]) -> GateError:
    """The error for a version that was registered as rejected."""
    stops = [gate for gate in gates if gate.stops]
    reasons = " ".join(gate.why for gate in stops)
    return GateError(
        f"{key} is rejected by {len(stops)} of its {len(gates)} gates. {reasons}",
        hint=f"{stops[0].mend}; it is registered, but gets no alias.",
        artifact=artifact,
    )


def _linted(report: LintReport) -> Mapping[str, tuple[str, str]]:
    """The verdict of lint as a whole, and that of each of its codes."""
    found = told(report.findings)
    whole = ("warn", f"Lint found {found}.") if found else ("pass", "Nothing found.")
    verdicts = {code: ("pass", f"Lint found no {code}.") for code in CHECKS}
    for code, finding in {one.code: one for one in reversed(report.findings)}.items():
        place = f" in cell {finding.cell}" if finding.cell else ""
        verdicts[code] = ("warn", f"Lint found {code}{place}: {finding.seen}.")
    return {"lint": whole, **verdicts}


def _checks(outputs: Path, recorded: Recorded) -> Mapping[str, tuple[str, str]]:
    """Check or code to its worst verdict, of declared reports with rows that have these."""
    found: dict[str, tuple[str, str]] = {}
    for name in recorded.reports:
        data = json.loads((outputs / "reports" / f"{name}.json").read_text(encoding="utf-8"))
        rows = data.get("checks", []) if isinstance(data, dict) else data
        for row in rows:
            verdict = row.get("verdict")
            if verdict not in _RANKS:
                continue
            for check in filter(None, (row.get("check"), row.get("code"))):
                if check not in found or _RANKS[verdict] > _RANKS[found[check][0]]:
                    why = row.get("message") or f"Report {name!r} says {verdict} for {check}."
                    found[check] = (verdict, str(why))
    return found
