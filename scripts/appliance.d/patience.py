# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""How long something is waited for: time that passes while this process runs. A machine that stands still for a while,
and every guest on it with it, does not make a scenario fail."""

import time

# Between two looks at the clock no more than this counts, in seconds.
LONGEST_STEP = 5


class Patience:
    def __init__(self, seconds):
        self._left = seconds
        self._last = time.monotonic()

    def left(self):
        """Seconds; 0 or less when it is over. Asked every second or so."""
        now = time.monotonic()
        self._left -= min(now - self._last, LONGEST_STEP)
        self._last = now
        return self._left
