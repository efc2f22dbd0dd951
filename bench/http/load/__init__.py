"""Drives HTTP APIs with a load generator. `run.py` beside this folder is the way in."""
