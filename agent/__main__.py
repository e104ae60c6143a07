"""`python -m agent` is `anfang`."""

import sys

from agent.cli import main

sys.exit(main())
