"""Example workspaces with real data."""

from proml_lab.marketplace.example.flights import make_flights
from proml_lab.marketplace.example.movies import make_movies

__all__ = ["make_flights", "make_movies"]
