"""Features for serving: the newest values of every entity in a store that answers at once."""

from proml_lab.marketplace.online.materialization import materialize
from proml_lab.marketplace.online.reader import Online
from proml_lab.marketplace.online.store import open_store

__all__ = ["Online", "materialize", "open_store"]
