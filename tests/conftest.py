"""Every test runs on a stage of its own name: nothing falls back to one."""

import os

os.environ.setdefault("WBSYNC_STAGE", "test")
