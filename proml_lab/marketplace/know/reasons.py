"""What is amiss with the values of a feature, as its profile tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from proml_lab.duration import show_duration
from proml_lab.marketplace.know.bins import bins
from proml_lab.marketplace.know.codes import MOST_NULLS, NULLS_RISE, QUIET_UNITS
from proml_lab.marketplace.know.healthreport import Reason
from proml_lab.marketplace.know.kept import Looked, bars
from proml_lab.marketplace.know.parts import length_of
from proml_lab.marketplace.know.report import FeatureProfile
from proml_lab.marketplace.view import FeatureView
from proml_lab.words import counted, lasting


def of_values(profile: FeatureProfile) -> Iterator[Reason]:
    """What is amiss whenever one looks."""
    total = profile.total
    if total.n and total.nulls == total.n:
        yield Reason("FH003", f"{total.n:,} {profile.basis}, none with a value")
    elif profile.nulls > MOST_NULLS:
        yield Reason("FH010", f"{profile.nulls:.0%} of {total.n:,} {profile.basis} have no value")
    if total.n_distinct == 1 and total.n_values > 1:
        yield Reason("FH011", f"{total.n_values:,} {profile.basis} have the same value")
    if total.infinite:
        yield Reason("FH012", f"{total.infinite:,} of {total.n:,} {profile.basis}")
    drift = profile.drift
    if drift and drift.nulls - drift.nulls_before >= NULLS_RISE and profile.nulls < 1:
        said = f"{drift.nulls_before:.0%} before, {drift.nulls:.0%} since {drift.now:%Y-%m-%d}"
        yield Reason("FH013", said)
    if drift and drift.size == "much":
        yield Reason("FH030", str(drift))


def of_age(profile: FeatureProfile, now: datetime) -> Iterator[Reason]:
    """What is old or too new; of windows and columns alike, by the source's newest row."""
    age, longest = profile.age, profile.time_to_live
    if profile.last and profile.last > now:
        yield Reason("FH022", f"the last event is at {profile.last:%Y-%m-%d %H:%M} UTC")
    if age is None:
        return
    if longest is not None and age > longest:
        ended = show_duration(longest)
        yield Reason("FH020", f"the newest row is {lasting(age)} old; over {ended} is too old")
    elif profile.unit and age > QUIET_UNITS * length_of(profile.unit):
        quiet = counted(QUIET_UNITS, profile.unit)
        yield Reason("FH021", f"the newest row is {lasting(age)} old; over {quiet} is too old")


def looked(profile: FeatureProfile, view: FeatureView, state: str | None, now: datetime) -> Looked:
    """What is kept of a profile.

    `state` is that of the view's source, `now` what ages were counted to.
    """
    counts, labels = bins(profile.total, profile.type)
    texts = profile.total.texts is not None
    return Looked(
        view=profile.view,
        feature=profile.feature,
        meaning=view.meaning,
        state=state,
        nulls=profile.nulls,
        **bars(counts, labels, profile.total.n_distinct if texts else None),
        newest=None if profile.age is None else micros(now - profile.age),
        last=micros(profile.last) if profile.last else None,
        longest=micros(profile.time_to_live) if profile.time_to_live else None,
        quiet=micros(QUIET_UNITS * length_of(profile.unit)) if profile.unit else None,
        codes=" ".join(reason.code for reason in of_values(profile)),
        mutes=" ".join(view.mutes_of(profile.feature)),
    )


def micros(time: datetime | timedelta) -> int:
    """Whole microseconds, of a moment since 1970."""
    span = time - datetime(1970, 1, 1, tzinfo=UTC) if isinstance(time, datetime) else time
    return span // timedelta(microseconds=1)
