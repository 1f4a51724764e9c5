"""`./dev bench actors`: an actor in a process of its own beside CAF in one process, and BASP."""

import json
import statistics
import subprocess
from pathlib import Path

# name, unit, ours, beside, the least or the most that ours / theirs may be (targets.md)
ROWS = (
    ("one way, int", "M msg/s", "our_way", "caf_way", "at least", 1.0),
    ("round trip, event-based asker, p50", "us", "our_trip", "caf_trip", "at most", 1.0),
)


# Of the Savina-like set, which has no targets; benchmarks/ours/savina.cpp says what each does.
SAVINA = (
    ("ping_pong", "ping-pong with one other process"),
    ("counting", "counting in one other process"),
    ("fork_join", "fork-join throughput, 4 processes"),
    ("ring", "thread ring, 4 processes and this one"),
    ("big", "big, 4 processes"),
    ("chameneos", "chameneos, 4 processes meet in this one"),
)


def measure(build, name, quick):
    rounds, count = (3, 50_000) if quick else (9, 300_000)
    program = Path(build) / "benchmarks" / name
    lines = subprocess.run([program, "--rounds", str(rounds), "--count", str(count)], check=True,
                           capture_output=True, text=True, timeout=600).stdout.splitlines()
    return [json.loads(line) for line in lines]


def basp(build, quick):
    """CAF's own transport, where its library is: {} where not."""
    program = Path(build) / "benchmarks" / "bench_caf_basp"
    found = {}
    for mode, count in (("one_way", 20_000), ("round_trip", 2_000)):
        if not program.exists():
            break
        command = [program, mode, "--bytes", "8", "--count", str(count // (4 if quick else 1))]
        run = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if run.returncode == 0:
            found[mode] = json.loads(run.stdout.splitlines()[-1])
    return found


def rows_of(rounds):
    """Ratios are taken within a round, and the median of them counts."""
    rows = []
    for name, unit, ours, theirs, sense, bound in ROWS:
        ratio = statistics.median(r[ours] / r[theirs] for r in rounds)
        rows.append({"row": name, "unit": unit,
                     "ours": round(statistics.median(r[ours] for r in rounds), 2),
                     "theirs": round(statistics.median(r[theirs] for r in rounds), 2),
                     "ratio": round(ratio, 2), "target": f"{sense} {bound}",
                     "met": ratio >= bound if sense == "at least" else ratio <= bound})
    return rows


def savina_rows(lines):
    """One a benchmark; the ratio is the median of the rounds' ratios."""
    rows = []
    for name, title in SAVINA:
        rounds = [line for line in lines if line["benchmark"] == name]
        rows.append({"row": title, "unit": "M msg/s",
                     "ours": round(statistics.median(r["ours"] for r in rounds), 3),
                     "theirs": round(statistics.median(r["caf"] for r in rounds), 3),
                     "ratio": round(statistics.median(r["ours"] / r["caf"] for r in rounds), 2)})
    return rows


def bench_actors(options):
    rows = rows_of(measure(options.build, "bench_actors", options.quick))
    print("| what (medians) | unit | in a process of its own | CAF in one process | ratio | target |\n"
          "|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {row['row']} | {row['unit']} | {row['ours']} | {row['theirs']} | {row['ratio']} | "
              f"{row['target']}, {'met' if row['met'] else 'missed'} |")
    for mode, line in basp(options.build, options.quick).items():
        print(f"BASP, {mode}: {json.dumps(line)}")
    savina = savina_rows(measure(options.build, "bench_savina", options.quick))
    print("\n| Savina-like set (medians) | unit | across processes | in one CAF process | ratio |\n"
          "|---|---|---|---|---|")
    for row in savina:
        print(f"| {row['row']} | {row['unit']} | {row['ours']} | {row['theirs']} | {row['ratio']} |")
    rows += savina
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0
