"""`./dev bench`: measures ours beside the raw limits and the peers, in turns, in one run.

    python3 -m runner BUILD_FOLDER [mailbox|process|actors|all] [--quick] [--json FILE]
                      [--csv FILE] [--pictures FOLDER] [--docs PAGE] [--minutes N]
"""

import argparse
import copy
import os
import sys
import time

from . import files, machine, table
from .actors import bench_actors
from .mailbox import Mailbox
from .measure import Runner
from .process import bench_process

KINDS = ("mailbox", "process", "actors")


def parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev bench", description="see docs/performance.md",
                                     allow_abbrev=False)
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("what", nargs="?", default="all", metavar="|".join((*KINDS, "all")),
                        choices=(*KINDS, "pool", "all"), help="all (the default): one after the other")
    parser.add_argument("--quick", action="store_true", help="3 short rounds: a look, no verdict")
    parser.add_argument("--json", metavar="FILE",
                        help="writes the rows there; with all, those of the mailboxes")
    parser.add_argument("--csv", metavar="FILE",
                        help="writes the mailboxes' rows and curves there, for a spreadsheet")
    parser.add_argument("--pictures", metavar="FOLDER",
                        help="draws the mailboxes' figures into it")
    parser.add_argument("--docs", metavar="PAGE", help="replaces the tables of docs/performance.md")
    parser.add_argument("--nice", type=int, default=0, metavar="N",
                        help="runs everything at this priority, e.g. -10 on a shared machine")
    parser.add_argument("--minutes", type=float,
                        help="of the mailboxes' run (default 14; quick: 3)")
    parser.add_argument("--setup", action="store_true",
                        help="first installs the peers to compare with")
    # For ./dev, which installs the peers and builds between parsing and measuring.
    parser.add_argument("--parse-only", action="store_true", help=argparse.SUPPRESS)
    # Intermixed: `bench --quick mailbox` is as good as `bench mailbox --quick`.
    options = parser.parse_intermixed_args(arguments)
    if options.what == "pool":
        parser.error("there is no process pool yet, so bench pool has nothing to measure")
    return options


class Terminal:
    """Progress on standard error, so that a file of the output is the tables."""

    def __init__(self):
        self.start = time.monotonic()
        self.shown = 0

    def say(self, text):
        self.clear()
        print(f"[{time.monotonic() - self.start:4.0f}s] {text}", file=sys.stderr, flush=True)

    def progress(self, text):
        if sys.stderr.isatty():
            self.clear()
            print(f"\r       {text}", end="", file=sys.stderr, flush=True)
            self.shown = len(text) + 7

    def clear(self):
        if self.shown:
            print("\r" + " " * self.shown + "\r", end="", file=sys.stderr, flush=True)
            self.shown = 0


def notes_of(mailbox, outcomes):
    """What a reader of the figures has to know about this run."""
    notes = [f"skipped: {name}: {why}" for name, why in mailbox.absent.items()]
    for outcome in outcomes:
        if outcome.dropped:
            notes.append(f"{outcome.name}: {outcome.dropped} rounds dropped, in which the raw ring "
                         "changed")
        notes += [f"{outcome.name}: {note}" for note in outcome.notes]
    if mailbox.unmeasured:
        notes.append(f"no time left for: {', '.join(mailbox.unmeasured)}")
    if mailbox.runner.noisy_runs:
        notes.append(f"{mailbox.runner.noisy_runs} runs had more than 8 % of foreign CPU even when "
                     "repeated, and were kept")
    return notes


def bench_mailbox(options):
    terminal = Terminal()
    minutes = options.minutes or (3 if options.quick else 14)
    runner = Runner(options.build, 0.08 if options.quick else 0.25,
                    time.monotonic() + 60 * minutes, terminal.say)
    machine.adopt_orphans()
    if options.nice:
        os.nice(options.nice)
    mailbox = Mailbox(runner, options.quick, terminal.say, terminal.progress)
    outcomes = mailbox.run()
    terminal.clear()
    targets, peers = table.both_tables(outcomes, table.plain)
    notes = notes_of(mailbox, outcomes)
    print("\n".join([targets, "", peers, "", *notes]))
    if options.json:
        files.write_json(options.json, outcomes)
    if options.csv:
        files.write_csv(options.csv, outcomes, mailbox.curves)
    pictures = []
    if options.pictures:
        pictures = files.write_pictures(options.pictures, outcomes, mailbox.curves)
    if options.docs:
        text = files.section(outcomes, machine.facts(), notes, pictures,
                             mailbox.profiles(outcomes))
        files.write_page(options.docs, text)
    missed = [outcome.name for outcome in outcomes if not outcome.met()]
    terminal.say(f"{len(outcomes)} rows, {len(missed)} missed")
    return 0


def main(arguments):
    options = parse(arguments)
    if options.parse_only:
        return 0
    kinds = {"mailbox": bench_mailbox, "process": bench_process, "actors": bench_actors}
    if options.what != "all":
        return kinds[options.what](options)
    # --json names one file: it is the mailboxes'.
    later = copy.copy(options)
    later.json = None
    return max([bench_mailbox(options), bench_process(later), bench_actors(later)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
