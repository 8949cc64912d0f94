"""Reproduction: an artifact is made again from its bundle alone, and compared with what it was."""

from proml_lab.promote.reproduction.reproduce import reproduce
from proml_lab.promote.reproduction.result import Reproduction

__all__ = ["Reproduction", "reproduce"]
