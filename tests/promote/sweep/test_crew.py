"""Processes of a sweep: how many threads each has, and one that dies without a word."""

from __future__ import annotations

import os

import pytest

from proml_lab.promote.sweep import crew


def test_cores_are_shared_out_unless_the_user_said_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crew, "cores", lambda: 9)
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    shared = crew._environment(4)
    assert (shared["OMP_NUM_THREADS"], shared["MKL_NUM_THREADS"]) == ("7", "2")
    assert crew._environment(20)["MKL_NUM_THREADS"] == "1"
    assert crew._environment(1) == dict(os.environ)


def test_a_process_that_dies_is_told_by_its_last_words() -> None:
    done: dict[int, crew.Outcome] = {}
    crew.run([{"nonsense": 1}], jobs=1, tell=lambda *_: None, done=done)
    (outcome,) = done.values()
    assert outcome.state == "failed"
    assert outcome.problem == "its process ended with 1: KeyError: 'notebook'"
