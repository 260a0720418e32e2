#!/usr/bin/env bash
# Prints the kind, rights, owner, content and time of change of all that root and the makers of traps own.
set -euo pipefail
find /etc /root /home -path /root/.ansible -prune -o \( -type f -printf '%M %u %g %T@ %p ' -exec md5sum {} \; \) \
    -o -printf '%M %u %g %p %l\n' | sort -k 5
