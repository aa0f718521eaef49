"""Which machine this is: told by its kernel's boot, which no host name, container or clock changes."""

from __future__ import annotations

import functools
import socket
import subprocess
import sys
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@functools.cache
def boot_id() -> str:
    """An identifier of the running kernel's boot; empty where the system has none to tell.

    All containers of a machine share it; a reboot gives another one.
    """
    try:
        if sys.platform == "darwin":
            asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
            return subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""


def host_name() -> str:
    """What people call this machine; it may change at any time, so nothing is decided by it."""
    return socket.gethostname()
