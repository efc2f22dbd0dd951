"""Tests of the harness: `PYTHONPATH=bench/peers PYTHON -m unittest discover -s bench/peers/tests -t bench/peers`."""
