"""``python -m mnprofile`` is the command line."""

import sys

from mnprofile.cli import main

sys.exit(main())
