"""``python -m proml_lab``: the same as ``proml``."""

import sys

from proml_lab.cli import main

sys.exit(main())
