"""Runs the suites of others against a server. `run.py` beside this folder is the way in."""
