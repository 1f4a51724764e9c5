"""Microseconds from Process.start to the child's first line, by multiprocessing's three methods; and
from killing a Pool's worker to the first line of the next one."""

import json
import multiprocessing
import os
import signal
import statistics
import sys
import time


def tell_time(to):
    to.send(time.monotonic_ns())


def measure(method, count):
    context = multiprocessing.get_context(method)
    times = []
    for _ in range(count):
        ours, its = context.Pipe()
        begun = time.monotonic_ns()
        child = context.Process(target=tell_time, args=(its,))
        child.start()
        times.append((ours.recv() - begun) / 1000)
        child.join()
    return statistics.median(times)


def begin_worker(to):
    to.put((os.getpid(), time.monotonic_ns()))


def replace(count):
    """Busy workers: when an idle one is killed the Pool hangs. It hangs at its end as well."""
    workers = multiprocessing.SimpleQueue()
    times = []
    pool = multiprocessing.Pool(1, begin_worker, (workers,))
    pid, _ = workers.get()
    for _ in range(count):
        pool.apply_async(time.sleep, (60,))
        time.sleep(0.02)
        begun = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        pid, at = workers.get()
        times.append((at - begun) / 1000)
    return pid, statistics.median(times)


if __name__ == "__main__":
    count = int(sys.argv[1])
    took = {f"python {m}": measure(m, count) for m in ("fork", "forkserver", "spawn")}
    last, took["python pool"] = replace(count)
    print(json.dumps(took), flush=True)
    os.kill(last, signal.SIGKILL)
    os._exit(0)
