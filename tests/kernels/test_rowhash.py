"""The parts of the rule; the whole is held against a plain twin in tests/test_fingerprint.py."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.kernels import rowhash

NONE = np.empty(0, np.bool_)


@pytest.mark.parametrize("mix", [rowhash.mix_a, rowhash.mix_b])
def test_mixing_moves_half_of_the_bits_and_is_one_to_one(mix: object) -> None:
    assert callable(mix)
    words = np.arange(2000, dtype=np.uint64)
    mixed = np.array([mix(word) for word in words], np.uint64)
    assert len(set(mixed.tolist())) == words.size
    for bit in range(64):
        other = np.array([mix(word ^ np.uint64(1 << bit)) for word in words], np.uint64)
        moved = np.bitwise_count(mixed ^ other).mean()
        assert 31 < moved < 33


def test_texts_of_every_length_differ_and_the_end_of_the_buffer_is_not_passed() -> None:
    for n in range(20):
        data = np.full(n, 7, np.uint8)
        alone = rowhash.texts(np.array([0, n]), data)
        inside = rowhash.texts(np.array([3, 3 + n]), np.full(n + 30, 7, np.uint8))
        assert alone[0][0] == inside[0][0]
        assert alone[1][0] == inside[1][0]
    cuts = np.arange(21).cumsum()
    a, b = rowhash.texts(cuts, np.zeros(cuts[-1], np.uint8))
    assert len(set(a.tolist())) == len(set(b.tolist())) == 20


def test_nulls_add_nothing() -> None:
    words = np.arange(3, dtype=np.uint64)
    keys = np.array([5, 6], np.uint64)
    lanes = np.zeros(3, np.uint64), np.zeros(3, np.uint64)
    rowhash.add_column((words, words), keys, np.array([True, False, True]), lanes)
    every = np.zeros(3, np.uint64), np.zeros(3, np.uint64)
    rowhash.add_column((words, words), keys, NONE, every)
    for got, full in zip(lanes, every, strict=True):
        assert got.tolist() == [full[0], 0, full[2]]


def test_codes_find_a_row_each() -> None:
    codes = np.array([2, 0, 2, 9], np.uint32)
    assert rowhash.firsts(codes, np.array([True, True, True, False]), 9).tolist() == [1, -1, 2]
    assert rowhash.firsts(codes, NONE, 8).size == 0
    assert rowhash.firsts(codes, np.zeros(4, np.bool_), 9).size == 0
    table = np.array([10, 11, 12], np.uint64), np.array([20, 21, 22], np.uint64)
    a, b = rowhash.gather(codes[:3], NONE, table)
    assert (a.tolist(), b.tolist()) == ([12, 10, 12], [22, 20, 22])
