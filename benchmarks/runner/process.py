"""`./dev bench process`: starts, restarts and calls beside raw fork, posix_spawn, Python, Erlang and supervisord."""

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

# name, ours, what it is measured against, the most that ours / that may be (targets.md; no target: None)
ROWS = (
    ("start to user code", "ours", "fork", 1.5),
    ("the same, one now and then: by the spare in the keeper", "ours_rare", "fork_rare", 0.75),
    ("the same from a host with 1 GiB", "ours_heavy", "fork", 1.5),
    ("SIGKILL to replacement's user code", "replace_ours", "replace_raw", 1.3),
    ("the same, one now and then", "replace_rare", "replace_raw", None),
    ("the same with a standby", "replace_standby", "replace_raw", 0.75),
    ("replacement, beside that of a raw fork's", "replace_ours", "replace_raw_small", None),
    ("call round trip to a running child", "call_trip", "pipe_trip", 2.0),
    ("call in a new process and back", "call", "posix_spawn", None),
    ("start to user code, beside posix_spawn", "ours", "posix_spawn", None),
    ("start to user code, beside Python's fork", "ours", "python fork", None),
    ("start to user code, beside Python's forkserver", "ours", "python forkserver", None),
    ("start to user code, beside Python's spawn", "ours", "python spawn", None),
    ("start to user code, beside an Erlang peer node", "ours", "erlang peer", None),
    ("replacement, beside Python's Pool", "replace_ours", "python pool", None),
    ("replacement, beside an Erlang port under a supervisor", "replace_ours", "erlang port", None),
    ("replacement, beside supervisord", "replace_ours", "supervisord", None),
)

PEERS = Path(__file__).parent.parent / "peers"
UNPACKED_SUPERVISOR = Path("build/supervisor")


def supervisord():
    """How to start it: as installed, or from the package that `./dev bench --setup` unpacked."""
    if shutil.which("supervisord"):
        return [shutil.which("supervisord")], None
    unpacked = UNPACKED_SUPERVISOR / "usr" / "bin" / "supervisord"
    if unpacked.exists() and Path("/usr/bin/python3").exists():
        modules = UNPACKED_SUPERVISOR / "usr" / "lib" / "python3" / "dist-packages"
        return ["/usr/bin/python3", unpacked], {**os.environ, "PYTHONPATH": str(modules.resolve())}
    return None, None


def peers_of(programs, quick):
    """(name, command, environment) of each peer; command None: it is not here."""
    few = "2" if quick else "5"
    daemon, environment = supervisord()
    speaker = programs / "bench_speaker"
    return (
        ("Python", [sys.executable, PEERS / "python_process.py", "10"], None),
        ("Erlang", ["escript", PEERS / "erlang_process.escript", few, speaker]
         if shutil.which("escript") else None, None),
        ("supervisord", daemon and [sys.executable, PEERS / "supervisord_process.py", few, speaker,
                                    *daemon], environment),
    )


def run(command, environment=None):
    out = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300,
                         env=environment).stdout
    return [json.loads(line) for line in out.splitlines()]


def measure(build, quick):
    """One dictionary a round, each with everything that was measured in it; what was left out, and why."""
    rounds, count = (3, 20) if quick else (9, 100)
    programs = Path(build) / "benchmarks"
    all_rounds, skipped = [], {}
    for number in range(rounds):
        values = {}
        for program, times in (("bench_start", count), ("bench_call", 200 * count)):
            command = [programs / program, "--rounds", "1", "--count", str(times)]
            for one in run(command):
                values.update(one)
        for name, command, environment in peers_of(programs, quick):
            if command is None:
                skipped[name] = "it is not installed (./dev bench --setup)"
            elif number < 3 and name not in skipped:  # they take long, and have no target
                try:
                    for one in run(command, environment):
                        values.update(one)
                except (subprocess.SubprocessError, ValueError) as failure:
                    skipped[name] = str(failure)
        all_rounds.append(values)
    return all_rounds, skipped


def row_of(all_rounds, name, ours, against, most):
    """None where what it is measured against was left out."""
    both = [(values[ours], values[against]) for values in all_rounds
            if ours in values and against in values]
    if not both:
        return None
    ratios = sorted(mine / theirs for mine, theirs in both)
    ratio = statistics.median(ratios)
    quartiles = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return {"row": name, "unit": "us", "ours": round(statistics.median(m for m, _ in both), 2),
            "against": against, "theirs": round(statistics.median(t for _, t in both), 2),
            "ratio": round(ratio, 4 if ratio < 0.1 else 2),
            "quartiles": [round(quartiles[0], 4), round(quartiles[2], 4)],
            "at most": most, "met": most is None or ratio <= most}


def rows_of(all_rounds):
    return [row for row in (row_of(all_rounds, *wanted) for wanted in ROWS) if row is not None]


def bench_process(options):
    all_rounds, skipped = measure(options.build, options.quick)
    rows = rows_of(all_rounds)
    print("| what (medians, us; ratios of the rounds) | ours | beside | ratio (quartiles) | target |\n"
          "|---|---|---|---|---|")
    for row in rows:
        target = "" if row["at most"] is None else \
            f"<= {row['at most']}, {'met' if row['met'] else 'missed'}"
        low, high = row["quartiles"]
        print(f"| {row['row']} | {row['ours']} | {row['against']}: {row['theirs']} | "
              f"{row['ratio']} ({low}-{high}) | {target} |")
    for name, why in skipped.items():
        print(f"- skipped: {name}: {why}")
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0
