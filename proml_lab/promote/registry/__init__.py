"""The registry: which versions there are, what is known of them, and which aliases point where."""

from proml_lab.promote.registry.registration import Record
from proml_lab.promote.registry.registry import Registry, Version

__all__ = ["Record", "Registry", "Version"]
