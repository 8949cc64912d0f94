"""Hot loops on arrays, compiled by Numba; no words of the domain."""

from proml_lab.interrupt import held_back

with held_back():  # cut off half-way, it could not be imported again in this process
    import numba  # noqa: F401
