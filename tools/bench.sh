#!/usr/bin/env bash
# Measures the release build on this machine and prints one table; fails if a goal was missed. Takes
# about four minutes; arguments go to `zvon-loadgen bench` (--rounds 1 --seconds 3 for a glance).
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
target/release/zvon-loadgen bench "$@" | tee "$log"
if grep -q MISSED "$log"; then
    echo "A goal was missed." >&2
    exit 1
fi
