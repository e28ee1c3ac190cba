"""``python -m msa_ml`` is ``msa-ml``."""

import sys

from msa_ml.cli import main

sys.exit(main())
