"""``python -m azstaging``."""

import sys

from azstaging.cli import main

sys.exit(main())
