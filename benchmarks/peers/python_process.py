"""Microseconds from Process.start to the child's first line, by multiprocessing's three methods."""

import json
import multiprocessing
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


if __name__ == "__main__":
    count = int(sys.argv[1])
    print(json.dumps({f"python {m}": measure(m, count) for m in ("fork", "forkserver", "spawn")}))
