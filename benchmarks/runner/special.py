"""Rows that are no comparison of runs: system calls, idling, recovery, memory."""

import re
import shutil
import subprocess
import tempfile

from . import machine
from .contestants import Contestant, Job, pipe, queue
from .measure import UNSUPPORTED, Failure, Unsupported
from .outcome import Outcome

PROGRAM_TIMEOUT = 60


def counted_calls(command):
    """System calls of a command and all its descendants, and how they were counted."""
    with tempfile.NamedTemporaryFile("r", suffix=".count") as out:
        if shutil.which("perf"):
            done = subprocess.run(["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o",
                                   out.name, *command], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, timeout=PROGRAM_TIMEOUT, check=False)
            machine.reap_orphans()
            if done.returncode == UNSUPPORTED:
                raise Unsupported(done.stderr.decode().strip())
            found = re.search(r"^(\d+),", out.read(), re.MULTILINE)
            if found and done.returncode == 0:
                return int(found.group(1)), "perf"
        if shutil.which("strace"):
            done = subprocess.run(["strace", "-f", "-c", "-o", out.name, *command],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  timeout=PROGRAM_TIMEOUT, check=False)
            machine.reap_orphans()
            out.seek(0)
            total = re.search(r"^\s*100\.00\s+\S+\s+(?:\S+\s+)?(\d+)\s+(?:\d+\s+)?total",
                              out.read(), re.MULTILINE)
            if total and done.returncode == 0:
                return int(total.group(1)), "strace"
    raise Failure("system calls cannot be counted here: neither perf nor strace works")


class CallsRow:
    """System calls a message while both sides are busy."""

    unit = "calls"
    target_text = "< 0.01"

    def __init__(self, contestant):
        self.contestant = contestant
        self.name = f"system calls a message under load, {contestant.name}"

    def measure(self, mailbox, _seconds):
        out = Outcome(self.name, self.unit, True, self.contestant.name,
                      target_text=self.target_text, met_by_value=lambda value: value < 0.01)
        if not mailbox.usable(self.contestant):
            return out
        many = 200_000 if mailbox.quick else 2_000_000
        build = mailbox.runner.build
        try:
            for _ in range(1 if mailbox.quick else 3):
                # What start and end cost comes off.
                few_calls, how = counted_calls(self.contestant.command(build, Job(count=64)))
                calls, how = counted_calls(self.contestant.command(build, Job(count=many)))
                out.ours.append(max(0, calls - few_calls) / many)
            out.notes.append(f"counted by {how}")
        except (Failure, subprocess.TimeoutExpired) as why:
            out.notes.append(str(why))
        return out


class ProgramRow:
    """A figure that a program of ours prints."""

    def __init__(self, name, program, figure, unit, target_text, most, *, variant="", job=Job(),
                 scale=1.0, runs=3, also=()):
        self.name = name
        self.contestant = Contestant(f"{program} {variant}".strip(), program, variant)
        self.figure, self.unit = figure, unit
        self.target_text, self.most = target_text, most
        self.job, self.scale, self.runs = job, scale, runs
        self.also = also

    def measure(self, mailbox, _seconds):
        out = Outcome(self.name, self.unit, True, self.contestant.name,
                      target_text=self.target_text)
        if self.target_text:
            out.met_by_value = lambda value: value <= self.most
        if not mailbox.usable(self.contestant):
            return out
        also = {}
        for _ in range(1 if mailbox.quick else self.runs):
            mailbox.progress(self.name)
            try:
                line, _ = mailbox.runner.once(self.contestant, self.job, PROGRAM_TIMEOUT)
            except Failure as why:
                out.notes.append(str(why))
                continue
            out.ours.append(line[self.figure] * self.scale)
            for figure in self.also:
                also.setdefault(figure, []).append(line[figure])
        out.notes += [f"{figure}: {', '.join(f'{value:g}' for value in values)}"
                      for figure, values in also.items()]
        return out


def recovery(slots, name, target_text, most, unit, scale):
    return ProgramRow(f"recovery of {name} leases of a dead consumer", "bench_recovery", "first_us",
                      unit, target_text, most, job=Job(mode="recovery", slots=slots, count=1),
                      scale=scale, runs=9 if slots < 10_000 else 5, also=("again_us",))


def memory(size):
    return ProgramRow(f"memory of a mailbox beyond slots and payload, {size} B messages",
                      "bench_memory", "extra_bytes", "KiB", "<= 64", 64, scale=1 / 1024,
                      job=Job(mode="memory", slots=1024, bytes=size, count=1),
                      also=("shared_bytes", "private_bytes", "slots_bytes", "payload_bytes"))


def instructions(variant, what):
    """Without a target, and without noise: what changed in the code shows on any machine."""
    return ProgramRow(f"instructions a message, {what}", "bench_steps", "both", "instr.", "", None,
                      variant=variant, job=Job(mode="steps", count=1), runs=1,
                      also=("send", "take"))


ROWS = (
    CallsRow(pipe()),
    CallsRow(queue()),
    ProgramRow("CPU of an idle receiver in 10 s", "bench_idle", "cpu_us", "ms", "<= 1", 1.0,
               job=Job(mode="idle", count=10_000), scale=1e-3, runs=1,
               also=("wakeups", "keeper_cpu_us", "keeper_wakeups")),
    recovery(1024, "1024", "< 50", 50, "us", 1.0),
    recovery(1_000_000, "1 000 000", "< 25", 25, "ms", 1e-3),
    memory(48),
    memory(1024),
    instructions("queue", "queue: send; take and ack"),
    instructions("forward", "queue: take and forward; take and ack"),
    instructions("pipe", "pipe: send; receive"),
    instructions("vyukov", "raw Vyukov: send; receive"),
    instructions("spsc", "raw SPSC: send; receive"),
)
