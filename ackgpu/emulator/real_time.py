"""The machine's own time, for what is compared with other machines': dates, certificates.

One clock for all, since each holds two file descriptors.
"""

from __future__ import annotations

from ackgpu.clock import SystemClock

REAL = SystemClock()
