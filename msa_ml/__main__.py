"""``python -m msa_ml`` is ``msa-ml``."""

import sys

from msa_ml.cli import main

if __name__ == "__main__":
    sys.exit(main())
