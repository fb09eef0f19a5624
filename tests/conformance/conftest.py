"""Makes the table of this folder importable, in the tests as in the fresh process that they start."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
