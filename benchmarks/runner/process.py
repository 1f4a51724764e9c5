"""`./dev bench process`: starts, restarts and calls beside raw fork, posix_spawn and Python."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

# name, ours, what it is measured against, the most that ours / that may be (targets.md; no target: None)
ROWS = (
    ("start to user code", "ours", "fork", 1.5),
    ("the same from a host with 1 GiB", "ours_heavy", "fork", 1.5),
    ("SIGKILL to replacement's user code", "replace_ours", "replace_raw", 1.3),
    ("call round trip to a running child", "call_trip", "pipe_trip", 2.0),
    ("call in a new process and back", "call", "posix_spawn", None),
    ("start to user code, beside posix_spawn", "ours", "posix_spawn", None),
    ("start to user code, beside Python's fork", "ours", "python fork", None),
    ("start to user code, beside Python's forkserver", "ours", "python forkserver", None),
    ("start to user code, beside Python's spawn", "ours", "python spawn", None),
)


def measure(build, quick):
    rounds, count = (3, 20) if quick else (9, 100)
    programs = Path(build) / "benchmarks"
    lines = []
    for program, times in (("bench_start", count), ("bench_call", 200 * count)):
        command = [programs / program, "--rounds", str(rounds), "--count", str(times)]
        lines += subprocess.run(command, check=True, capture_output=True, text=True,
                                timeout=600).stdout.splitlines()
    peer = Path(__file__).parent.parent / "peers" / "python_process.py"
    python = [subprocess.run([sys.executable, peer, "10"], check=True, capture_output=True,
                             text=True, timeout=120).stdout for _ in range(3 if quick else 5)]
    rounds_of = {}
    for line in (*lines, *python):
        for name, value in json.loads(line).items():
            rounds_of.setdefault(name, []).append(value)
    return rounds_of


def rows_of(rounds_of):
    median = {name: statistics.median(values) for name, values in rounds_of.items()}
    return [{"row": name, "unit": "us", "ours": round(median[ours], 2), "against": against,
             "theirs": round(median[against], 2), "ratio": round(median[ours] / median[against], 2),
             "at most": most, "met": most is None or median[ours] <= most * median[against]}
            for name, ours, against, most in ROWS]


def bench_process(options):
    rows = rows_of(measure(options.build, options.quick))
    print("| what (medians, us) | ours | beside | ratio | target |\n|---|---|---|---|---|")
    for row in rows:
        target = "" if row["at most"] is None else \
            f"<= {row['at most']}, {'met' if row['met'] else 'missed'}"
        print(f"| {row['row']} | {row['ours']} | {row['against']}: {row['theirs']} | "
              f"{row['ratio']} | {target} |")
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0
