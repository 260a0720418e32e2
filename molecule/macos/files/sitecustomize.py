# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes every Python of a Linux container believe that it runs on macOS: the modules' and pip's alike.

What Python's documentation calls available on Linux only is taken away, so that code which needs it fails here
as it would on a Mac. The kernel and the file system stay Linux's.
"""

from __future__ import annotations

import os
import sys
import types

VERSION = "15.6"  # as in prepare.yml's SystemVersion.plist
RELEASE = "24.6.0"  # its kernel

LINUX_ONLY = (
    *("getxattr", "setxattr", "listxattr", "removexattr", "XATTR_CREATE", "XATTR_REPLACE", "XATTR_SIZE_MAX"),
    *("O_PATH", "O_TMPFILE", "O_NOATIME", "O_DIRECT", "O_LARGEFILE", "O_RSYNC"),
    *("ST_APPEND", "ST_MANDLOCK", "ST_NOATIME", "ST_NODEV", "ST_NODIRATIME", "ST_NOEXEC", "ST_RELATIME"),
    *("ST_SYNCHRONOUS", "ST_WRITE"),
    *("copy_file_range", "eventfd", "getrandom", "memfd_create", "pidfd_open", "posix_fadvise", "posix_fallocate"),
    *("getresgid", "getresuid", "setresgid", "setresuid", "setns", "splice", "unshare"),
    *("sched_getaffinity", "sched_setaffinity"),
)


def become_a_mac() -> None:
    """Change what Python says of its system."""
    # Python finds the facts of its own build by the system's name; these are the only ones there are.
    os.environ.setdefault("_PYTHON_SYSCONFIGDATA_NAME", sysconfig_data_name())
    node, machine = os.uname().nodename, os.uname().machine
    uname = os.uname_result(("Darwin", node, RELEASE, f"Darwin Kernel Version {RELEASE}", machine))
    os.uname = lambda: uname
    sys.platform = "darwin"
    for name in LINUX_ONLY:
        if hasattr(os, name):
            delattr(os, name)
    sys.modules["_scproxy"] = system_proxies()


def sysconfig_data_name() -> str:
    return f"_sysconfigdata_{sys.abiflags}_{sys.platform}_{sys.implementation._multiarch}"


def system_proxies() -> types.ModuleType:
    """Return a stand-in for the part of Python that asks macOS for its proxies: there are none."""
    module = types.ModuleType("_scproxy")
    vars(module).update(_get_proxy_settings=dict, _get_proxies=dict)
    return module


become_a_mac()
