#!/usr/bin/env bash
# Counts the words of a tree in four worker processes that are being killed, then in one process that
# is left alone, and compares the two, word for word.
#
# usage: demo.sh BUILD_DIR [PATH]        (PATH: /usr/include)
set -euo pipefail

programs=${1:?usage: demo.sh BUILD_DIR [PATH]}/examples/word_count
tree=${2:-/usr/include}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Runs a command and leaves the seconds it took in $seconds.
timed() {
  local start=$EPOCHREALTIME
  "$@"
  seconds=$(awk -v from="$start" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.2f", to - from }')
}

echo "== $tree, counted by 4 workers; every 20 ms one of them, or their lister, is killed"
timed "$programs/word_count" --workers 4 --kill-every 20ms --output "$folder/killed" "$tree"
with_kills=$seconds

echo
echo "== the same in one process"
timed "$programs/word_count_single" --output "$folder/single" "$tree"
alone=$seconds

echo
if ! cmp "$folder/killed" "$folder/single"; then
  echo "The two counts DIFFER."
  exit 1
fi
echo "The two counts agree, word for word: $(wc -l <"$folder/single") different words."
echo "With kills: $with_kills s. In one process: $alone s."
