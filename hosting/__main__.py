"""`python -m hosting` is the command `dca-hosting`."""

import sys

from hosting.cli import main

sys.exit(main())
