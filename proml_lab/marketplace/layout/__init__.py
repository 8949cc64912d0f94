"""Sources laid out by entity and time, and kept: what a join reads instead of them."""
