"""`python -m peers`, which `run.py` calls."""

import sys

from peers.cli import main

sys.exit(main(sys.argv[1:]))
