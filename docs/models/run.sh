#!/usr/bin/env bash
# Explores the models: run.sh [small|full]. One line a run; exit status 1 when a model fails, a broken variant does not, or a
# search of a good model was not complete. Works in a temporary folder. README.md has the numbers of `full`.
set -euo pipefail
size=${1:-small}
[[ $size == small || $size == full ]] || { echo "usage: run.sh [small|full]" >&2; exit 2; }
models=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for tool in spin gcc; do
  command -v "$tool" >/dev/null || { echo "run.sh: $tool is not installed" >&2; exit 1; }
done

memory_mb_max=8192
cpu_seconds_max=300     # of each run; on an idle machine that is its time
wall_seconds_max=1500   # a busy machine must not hang the caller

# set | model | variant | sizes | how. `good` must hold; any other variant is a macro, and must fail.
# How: exact, or bits (bit-state hashing, which leaves out what collides; on top of the exact runs, not instead).
runs() {
  cat <<'RUNS'
small|lane|good|SENT=3 DEATHS=0|exact
small|lane|good|SENT=2 RELEASES=0|exact
small|lane|good|SENT=2 CAPACITY=1 MAX_DELIVERIES=1 RELEASES=0|exact
small|lane|publish_early|SENT=3 DEATHS=0|exact
small|lane|no_version_bump|SENT=3 DEATHS=0|exact
small|lane|no_second_look|SENT=4 DEATHS=0 RELEASES=0|exact
small|lane|settled_late|SENT=3 DEATHS=0 RELEASES=0|exact
small|lane|cursor_jump|SENT=5 CAPACITY=3 DEATHS=0 RELEASES=0 KEPT=1|exact
small|lane|bury_without_wake|SENT=2 CAPACITY=1 MAX_DELIVERIES=1 RELEASES=0|exact
small|park|good|WAITERS=2|exact
small|park|good|WAITERS=2 SENDERS=1 DEATHS=1|exact
small|park|good|WAITERS=3 SENDERS=1 SHARED=1 LEAVER=1|exact
small|park|no_barrier|WAITERS=2|exact
small|park|take_keeps_wake|WAITERS=3|exact
small|park|late_keeps_wake|WAITERS=2 SENDERS=1 LEAVER=1|exact
small|park|shared_bit|WAITERS=2 SENDERS=1 SHARED=1 LEAVER=1|exact
small|park|no_death_wake|WAITERS=2 SENDERS=1 DEATHS=1|exact
small|park|no_rivals|WAITERS=3 APART=0|exact
small|close|good|SENDERS=1 DEATHS=0 RECEIVER_BUFFERS=0|exact
small|close|closed_early|SENDERS=2 DEATHS=0 RECEIVER_BUFFERS=0|exact
small|close|no_barrier|SENDERS=2 DEATHS=0 RECEIVER_BUFFERS=0|exact
small|close|no_withdraw_wake|SENDERS=2 DEATHS=0 RECEIVER_BUFFERS=0|exact
small|close|no_undo_wake|SENDERS=0 DEATHS=0 RECEIVER_BUFFERS=0|exact
small|close|no_forwarding|SENDERS=0 DEATHS=0 RECEIVER_BUFFERS=0|exact
small|close|one_census|SENDERS=0 DEATHS=0 RECEIVER_BUFFERS=0|exact
small|close|no_ack_wake|SENDERS=2 DEATHS=0 RECEIVER_BUFFERS=0|exact
small|forward|good|INPUTS=1 READER_DEATHS=0|exact
small|forward|good|INPUTS=2 DEATHS=0|exact
small|forward|forward_ack_first|INPUTS=1 READER_DEATHS=0|exact
small|forward|forward_publish_first|INPUTS=1 READER_DEATHS=0|exact
small|forward|publish_blindly|INPUTS=1 READER_DEATHS=0|exact
small|forward|give_back_first|INPUTS=1 READER_DEATHS=0|exact
small|forward|good|INPUTS=2 GATHER=2 OUTPUTS=2 TAKERS=1 READER_DEATHS=0|exact
small|forward|commit_each|INPUTS=2 GATHER=2 OUTPUTS=2 TAKERS=1 READER_DEATHS=0|exact
small|forward|settle_one|INPUTS=2 GATHER=2 OUTPUTS=2 TAKERS=1 READER_DEATHS=0|exact
small|forward|good|BY_PORT=1 INPUTS=2 TAKERS=1|exact
small|forward|port_free_first|BY_PORT=1 INPUTS=2 TAKERS=1|exact
small|forward|port_input_first|BY_PORT=1 INPUTS=2 TAKERS=1|exact
small|forward|give_back_first|BY_PORT=1 INPUTS=2 TAKERS=1|exact
small|forward|passed_early|SLOTS=4 CAPACITY=3 RESULTS=2 INPUTS=3 TAKERS=1 READERS=2 DEATHS=0|exact
small|lease|good|MAX_DELIVERIES=2 EXTENDS=1 DELAYS=0 DEATHS=0|exact
small|lease|good|MAX_DELIVERIES=2 EXTENDS=0 DELAYS=1 DEATHS=0|exact
small|lease|delay_word_first|MAX_DELIVERIES=2 EXTENDS=0 DELAYS=1 DEATHS=0|exact
small|lease|settle_by_store|MAX_DELIVERIES=2 EXTENDS=1 DELAYS=0 DEATHS=0|exact
small|lease|revoke_by_store|MAX_DELIVERIES=2 EXTENDS=1 DELAYS=0 DEATHS=0|exact
small|lease|revoke_pinned|MAX_DELIVERIES=2 EXTENDS=1 DELAYS=0 DEATHS=0|exact
small|lease|revoke_unsaid|MAX_DELIVERIES=2 EXTENDS=1 DELAYS=0 DEATHS=0|exact
small|lease|forget_all|MAX_DELIVERIES=2 EXTENDS=1 DELAYS=0 DEATHS=0|exact
small|lease|deadline_by_store|MAX_DELIVERIES=2 EXTENDS=1 DELAYS=0 DEATHS=0|exact
small|lease|clock_first|MAX_DELIVERIES=2 EXTENDS=0 DELAYS=0 DEATHS=0|exact
small|request|good|MODE=0 REQUESTS=2 DEATHS=1|exact
small|request|good|MODE=1 REQUESTS=2 DEATHS=1|exact
small|request|good|MODE=2 REQUESTS=2 DEATHS=1|exact
small|request|pieces_forgotten|MODE=0 REQUESTS=2 DEATHS=1|exact
small|request|place_of_last_piece|MODE=0 REQUESTS=2 DEATHS=1|exact
small|request|head_unchecked|MODE=0 REQUESTS=2 DEATHS=1|exact
small|request|settle_before_replies|MODE=0 REQUESTS=2 DEATHS=1|exact
small|request|keeper_unasked|MODE=0 REQUESTS=2 DEATHS=2|exact
small|request|run_old|MODE=1 REQUESTS=2 DEATHS=1|exact
full|request|good|MODE=0 REQUESTS=2 DEATHS=2|exact
full|request|good|MODE=1 REQUESTS=2 DEATHS=2|exact
full|request|good|MODE=2 REQUESTS=2 DEATHS=2|exact
full|lane|good|SENT=4|exact
full|lane|good|SENT=5 RELEASES=0|exact
full|lane|good|LANES=2 SENT=1 DEATHS=0 RELEASES=0|exact
full|lane|good|SENT=5 CAPACITY=3 DEATHS=0 RELEASES=0 KEPT=1|exact
full|lane|good|SENT=3 CAPACITY=1 MAX_DELIVERIES=1|exact
full|lane|ring_is_capacity|SENT=4 KEPT=1 RELEASES=0|exact
full|park|good|WAITERS=3 SENDERS=1 DEATHS=1|exact
full|park|good|WAITERS=2 SENDERS=2 DEATHS=1|exact
full|park|good|WAITERS=3 SENDERS=1 LEAVER=1 APART=0|exact
full|park|good|WAITERS=2 SENDERS=2 SHARED=1 LEAVER=1|exact
full|park|ring_lowest|WAITERS=3 APART=0 LEAVER=1|exact
full|close|good|SENDERS=2 DEATHS=0|exact
full|close|good|SENDERS=1 DEATHS=0|exact
full|close|good|SENDERS=1 VICTIM=0 RECEIVER_BUFFERS=0|exact
full|close|good|SENDERS=1 VICTIM=1 RECEIVER_BUFFERS=0|exact
full|close|good|SENDERS=1 VICTIM=2 RECEIVER_BUFFERS=0|exact
full|close|good|SENDERS=1 VICTIM=4 RECEIVER_BUFFERS=0|exact
full|close|close_not_repeated|SENDERS=1 SENT1=0 VICTIM=4 RECEIVER_BUFFERS=0|exact
full|forward|good|INPUTS=2|exact
full|forward|good|BY_PORT=1 INPUTS=2|exact
full|forward|good|BY_PORT=1 INPUTS=2 TAKERS=1 DEATHS=2|exact
full|forward|good|INPUTS=2 RESULTS=2 RECOVERY_DEATHS=0 READER_DEATHS=0|exact
full|forward|good|SLOTS=4 CAPACITY=3 RESULTS=2 INPUTS=3 TAKERS=1 READERS=2 DEATHS=0|exact
full|forward|good|INPUTS=1 OUTPUTS=2 READER_DEATHS=0 SLOTS=2 CAPACITY=1|exact
full|forward|good|INPUTS=4 GATHER=2 OUTPUTS=2 TAKERS=1|exact
full|lane|good|SENT=2 RELEASES=0 DEATHS=2|bits
full|forward|good|INPUTS=1 DEATHS=2|bits
RUNS
}

# Prints the value after a label in the verifier's output.
field() { sed -n "s/$1/\\1/p" "$2" | head -n 1; }

run_one() {
  local number=$1 model variant sizes how folder verdict
  IFS='|' read -r _ model variant sizes how <<<"$2"
  folder=$work/$number
  mkdir "$folder"
  cd "$folder"
  local defines=() flags=(-O2 -w -DSAFETY -DMEMLIM=$memory_mb_max) options=(-m100000) word
  for word in $sizes; do defines+=("-D$word"); done
  [[ $variant == good ]] || defines+=("-D${variant^^}")
  if [[ $how == bits ]]; then
    flags+=(-DBITSTATE)
    options+=(-w33 -k3)
  else
    flags+=(-DCOLLAPSE)
  fi
  if ! { spin -a "${defines[@]}" "$models/$model.pml" && gcc "${flags[@]}" -o pan pan.c; } >build.log 2>&1; then
    cat build.log >&2
    verdict="DOES NOT BUILD"
  else
    # The exit status says less than the words do.
    (ulimit -t $cpu_seconds_max; exec timeout $wall_seconds_max nice -n 5 ./pan "${options[@]}") >out 2>&1 || true
    verdict=$(judge "$variant" "$how")
  fi
  local states depth seconds memory
  states=$(field '^ *\([0-9.e+]*\) states, stored.*' out)
  depth=$(field '.*depth reached \([0-9]*\),.*' out)
  memory=$(field '^ *\([0-9]*\)[.0-9]*\ttotal actual memory usage' out)
  seconds=$(field '^pan: elapsed time \([0-9.e+-]*\) .*' out)
  printf '%-8s %-22s %-62s %11s states %6s deep %7s s %5s MB  %s\n' "$model" "$variant" "$sizes" \
    "${states:-?}" "${depth:-?}" "${seconds:-?}" "${memory:-?}" "$verdict"
  [[ $verdict == holds* || $verdict == "fails, as it must" ]] || echo "$number" >>"$work/bad"
  cd "$work"
  rm -rf "$folder"
}

# What the verifier's output in `out` says.
judge() {
  local variant=$1 how=$2
  if grep -q 'errors: 1$' out && grep -Eq '^pan:1: (assertion violated|invalid end state)' out; then
    if [[ $variant == good ]]; then echo "FAILS"; else echo "fails, as it must"; fi
  elif ! grep -q 'errors: 0$' out || grep -Eq 'not completed|too small|reached -DMEMLIM|out of memory' out; then
    echo "NOT COMPLETE"
  elif [[ $variant != good ]]; then
    echo "PASSES, BUT MUST FAIL"
  elif [[ $how == bits ]]; then
    echo "holds as far as bits tell"
  else
    echo "holds"
  fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t chosen < <(runs | grep "^$size|")
export -f run_one judge field
export work models memory_mb_max cpu_seconds_max wall_seconds_max
# Small searches go side by side; large ones one by one, since each may need the memory.
at_once=1
[[ $size == full ]] || at_once=$(nproc)
for number in "${!chosen[@]}"; do printf '%s\0%s\0' "$number" "${chosen[$number]}"; done |
  xargs -0 -n 2 -P "$at_once" bash -c 'run_one "$1" "$2"' bash
if [[ -e $work/bad ]]; then
  echo "models ($size): $(wc -l <"$work/bad") of ${#chosen[@]} runs are not as they must be" >&2
  exit 1
fi
echo "models ($size): all ${#chosen[@]} runs are as they must be"
