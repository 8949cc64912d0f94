"""Generalized additive mixed effects (GAME): a score that is a sum of coordinates."""
