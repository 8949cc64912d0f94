"""One run of a notebook: its kernel, and how it ends."""
