#!/usr/bin/env bash
# Measures the release build on this machine and prints one table. Takes about four minutes;
# arguments go to `zvon-loadgen bench` (--rounds 1 --seconds 3 for a glance).
set -euo pipefail
cd "$(dirname "$0")/.."
exec target/release/zvon-loadgen bench "$@"
