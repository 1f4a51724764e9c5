"""Runs contestants, singly and in rounds, and keeps what others' load has not spoilt."""

import dataclasses
import json
import os
import signal
import subprocess
import time

from . import machine
from .contestants import Job, raw

FOREIGN_MAX = 0.08
CHANGE_MAX = 1.6  # by how much the raw ring may differ before and after a round
REPEATS_MAX = 2
UNSUPPORTED = 3
COUNT_MAX = 100_000_000
GROWTH = 8  # of the count from one learning run to the next
LEARN_SECONDS = 1.0  # a run that took longer is the last to learn from
RAW_RING = raw("spsc", 3e7)
# Memory that a receiver freed is for its next message. As glibc is set up, it maps what is larger
# than 32 MiB anew each time, and the kernel clears every page: eight times as long as a copy.
KEEP_MEMORY = "glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=1073741824"


class Failure(Exception):
    """A run that gave no figure; the text says why."""


class Unsupported(Failure):
    """The contestant cannot do what is asked."""


def rate(result):
    return result["messages"] / result["seconds"]


class Runner:
    def __init__(self, build, run_seconds, deadline, say):
        self.build = build
        self.run_seconds = run_seconds
        self.deadline = deadline  # of the whole benchmark, on time.monotonic()
        self.say = say
        self.rates = {}
        self.noisy_runs = 0
        self.row_end = deadline  # after it nothing is repeated

    def time_left(self):
        return self.deadline - time.monotonic()

    # -- one run -----------------------------------------------------------------------------------

    def start(self, contestant, job):
        return subprocess.Popen(contestant.command(self.build, job), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, start_new_session=True,
                                env=os.environ | {"GLIBC_TUNABLES": KEEP_MEMORY})

    def finish(self, process, timeout):
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Failure(f"no end after {timeout:.0f} s") from None
        if process.returncode == UNSUPPORTED:
            raise Unsupported(err.strip().splitlines()[-1] if err.strip() else "unsupported")
        if process.returncode != 0:
            last = err.strip().splitlines()[-1] if err.strip() else f"status {process.returncode}"
            raise Failure(last)
        try:
            return json.loads(out.strip().splitlines()[-1])
        except (IndexError, ValueError) as error:
            raise Failure(f"printed no result: {error}") from None

    def once(self, contestant, job, timeout=20.0):
        """One run of exactly this job. @returns its line and the foreign share of the CPUs."""
        foreign = machine.ForeignCpu()
        try:
            result = self.finish(self.start(contestant, job), timeout)
        finally:
            machine.reap_orphans()
        return result, foreign.share()

    def sized(self, contestant, job, seconds=None):
        """The job with a count that takes about the wanted time."""
        key = (contestant.name, dataclasses.replace(job, count=0))
        guess = self.rates.get(key)
        if guess is None:  # a tenth at first: a guess may be wrong
            guess = contestant.guess / 10 * min(1.0, 256 / job.bytes)
        # A round trip takes ten times as long as a message at least.
        if job.mode == "round_trip" and key not in self.rates:
            guess /= 20
        count = int(guess * (seconds or self.run_seconds) / job.producers)
        return key, dataclasses.replace(job, count=max(64, min(COUNT_MAX, count)))

    def learn(self, contestant, key, sized):
        """Finds out how many messages a run of the usual length has.

        The start of many processes may take longer than their messages, so that a short run looks
        slow, and the next would be as short. The count grows until the rate no longer does."""
        before = 0.0
        while True:
            result = self.once(contestant, sized)[0]
            self.rates[key] = rate(result)
            if (rate(result) < 1.5 * before or result["seconds"] > LEARN_SECONDS
                    or sized.count == COUNT_MAX or time.monotonic() > self.row_end):
                return
            before = rate(result)
            sized = dataclasses.replace(sized, count=min(COUNT_MAX, sized.count * GROWTH))

    def run(self, contestant, job, seconds=None, repeats=REPEATS_MAX):
        """A run of the usual length; repeated where others used the CPUs meanwhile."""
        for attempt in range(repeats + 1):
            key, sized = self.sized(contestant, job, seconds)
            if key not in self.rates:
                self.learn(contestant, key, sized)
                key, sized = self.sized(contestant, job, seconds)
            result, foreign = self.once(contestant, sized)
            self.rates[key] = rate(result)
            if foreign <= FOREIGN_MAX:
                return result
            if attempt == repeats or time.monotonic() > self.row_end:
                break
        self.noisy_runs += 1
        return result

    def crowd(self, contestant, job, pairs, hog):
        """Several pairs at once, alternating the sides of the CPUs, beside a CPU hog if wanted.

        @returns one result for all."""
        key, sized = self.sized(contestant, job)
        if key not in self.rates:
            self.run(contestant, job)
            key, sized = self.sized(contestant, job)
        sized = dataclasses.replace(sized, count=max(64, sized.count // pairs))
        hogs = []
        try:
            if hog:
                hogs.append(subprocess.Popen(["taskset", "-c", "1", "python3", "-c",
                                              "while True: pass"]))
            flipped = dataclasses.replace(sized, cpus=sized.cpus[::-1])
            running = [self.start(contestant, flipped if n % 2 else sized) for n in range(pairs)]
            results, problem = [], None
            for process in running:
                try:
                    results.append(self.finish(process, 20.0))
                except Failure as failure:
                    problem = failure
            if problem:
                raise problem
        finally:
            for process in hogs:
                process.kill()
                process.wait()
            machine.reap_orphans()
        total = {"messages": sum(r["messages"] for r in results),
                 "seconds": max(r["seconds"] for r in results)}
        self.rates[key] = rate(total)
        return total

    # -- rounds ------------------------------------------------------------------------------------

    def raw_ring(self):
        """The better of two short runs: others' load shall not pass for a change of the host."""
        probe = self.sized(RAW_RING, Job(), 0.04)[1]
        return max(rate(self.once(RAW_RING, probe)[0]) for _ in range(2))

    def rounds(self, wanted, seconds, run_all, judged=True):
        """Calls `run_all` for each round until there are enough, or the time is over.

        Where a verdict hangs on them, a round in which the raw ring changed by more than a factor
        is dropped: the host moved the CPUs. @returns the rounds' results and how many were
        dropped."""
        self.row_end = min(time.monotonic() + seconds, self.deadline)
        key, probe = self.sized(RAW_RING, Job(), 0.05)
        if judged and key not in self.rates:
            self.rates[key] = rate(self.once(RAW_RING, probe)[0])
        kept, dropped, spare = [], 0, None
        while len(kept) < wanted:
            before = self.raw_ring() if judged else 1
            results = run_all()
            after = self.raw_ring() if judged else 1
            if max(before, after) <= CHANGE_MAX * min(before, after):
                kept.append(results)
            else:
                dropped += 1
                spare = results
            if time.monotonic() > self.row_end or dropped > 2 * wanted:
                break
        if not kept and spare is not None:
            self.say("no round without a change of the raw ring; the last one is shown")
            kept.append(spare)
        return kept, dropped
