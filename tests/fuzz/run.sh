#!/bin/bash
# Builds the fuzzers and runs each of them: tests/fuzz/run.sh [seconds]
# The seconds (10 when not given) are shared out among them. Prints how many inputs each tried;
# ends with 1 at the first finding, whose input it keeps in build/fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-10}
build=build/fuzz
fuzzers=(message_fuzzer control_fuzzer channel_fuzzer)

if ! command -v clang++ >/dev/null; then
  echo "skipped: the fuzzers need clang++"
  exit 0
fi
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target fuzzers

each=$(((seconds + ${#fuzzers[@]} - 1) / ${#fuzzers[@]}))
mkdir -p "$build/findings"
total=0
for fuzzer in "${fuzzers[@]}"; do
  corpus=$build/corpus/$fuzzer
  mkdir -p "$corpus"
  log=$build/$fuzzer.log
  # A message of 4 KiB that makes the reader ask for 64 MiB at once is a finding, and so is one that
  # takes 10 s.
  if ! BULKHEAD_FUZZ_SEEDS=$corpus "$build/tests/fuzz/$fuzzer" "$corpus" \
    -max_total_time="$each" -max_len=4096 -timeout=10 -malloc_limit_mb=64 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$build/findings/$fuzzer-" >"$log" 2>&1; then
    tail -40 "$log"
    echo "$fuzzer: a finding, see $build/findings"
    exit 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "$fuzzer: $runs inputs in $each s, no finding"
  total=$((total + runs))
done
echo "fuzzers: $total inputs, no finding"
