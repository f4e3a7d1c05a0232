"""`python -m updater`: what `dca run` and `dca update` become."""

import sys

from updater.cli import main

if __name__ == "__main__":
    sys.exit(main())
