"""Python's multiprocessing Queue and Pipe, with the command line of benchmarks/common/job.hpp."""

import argparse
import json
import multiprocessing
import os
import sys
import time

END = (1 << 48) - 1


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=("one_way", "round_trip"))
    parser.add_argument("--variant", choices=("queue", "pipe"), default="queue")
    for option in ("bytes", "count", "producers", "consumers", "slots"):
        parser.add_argument(f"--{option}", type=int, default=1)
    parser.add_argument("--cpus", default="0,1")
    job = parser.parse_args()
    job.cpus = [int(cpu) for cpu in job.cpus.split(",")]
    return job


def pin(cpu):
    if cpu >= 0:
        os.sched_setaffinity(0, {cpu})


def filled(size, number):
    """Each message is made anew: its number, then bytes that repeat it."""
    return number.to_bytes(8, "little") + bytes([number & 255]) * (size - 8)


def number_of(message):
    number = int.from_bytes(message[:8], "little")
    if len(message) > 8 and number != END and message[-1] != number & 255:
        sys.exit("wrong message: torn")
    return number


class Channel:
    """A queue, or a pipe's one direction, with the same two words."""

    def __init__(self, job):
        if job.variant == "queue":
            channel = multiprocessing.Queue(min(job.slots, 32767))
            self.send, self.receive = channel.put, channel.get
        else:
            reader, writer = multiprocessing.Pipe(duplex=False)
            self.send, self.receive = writer.send_bytes, reader.recv_bytes


def produce(job, channel, gate, done, times):
    pin(job.cpus[0])
    gate.wait()
    times.put(("start", time.monotonic_ns(), 0))
    for number in range(job.count):
        channel.send(filled(job.bytes, number))
    with done.get_lock():
        done.value += 1
        last = done.value == job.producers
    if last and job.consumers > 1:
        for _ in range(job.consumers):
            channel.send(filled(job.bytes, END))


def consume(job, channel, gate, times):
    pin(job.cpus[1])
    gate.wait()
    wanted = job.count * job.producers if job.consumers == 1 else END
    got, expected = 0, 0
    while got < wanted:
        number = number_of(channel.receive())
        if number == END:
            break
        if job.producers == 1:
            if number < expected or (job.consumers == 1 and number != expected):
                sys.exit(f"wrong message: sequence, expected {expected}, got {number}")
            expected = number + 1
        got += 1
    times.put(("end", time.monotonic_ns(), got))


def one_way(job):
    channel = Channel(job)
    gate = multiprocessing.Barrier(job.producers + job.consumers)
    done = multiprocessing.Value("i", 0)
    times = multiprocessing.Queue()
    family = [multiprocessing.Process(target=consume, args=(job, channel, gate, times))
              for _ in range(job.consumers)]
    family += [multiprocessing.Process(target=produce, args=(job, channel, gate, done, times))
               for _ in range(job.producers)]
    for child in family:
        child.start()
    marks = [times.get() for _ in family]
    for child in family:
        child.join()
    start = min(ns for kind, ns, _ in marks if kind == "start")
    end = max(ns for kind, ns, _ in marks if kind == "end")
    return {"messages": sum(count for _, _, count in marks), "seconds": (end - start) / 1e9}


def answer(job, there, back):
    pin(job.cpus[1])
    for _ in range(job.count):
        message = there.receive()
        number_of(message)
        back.send(message)


def round_trip(job):
    there, back = Channel(job), Channel(job)
    child = multiprocessing.Process(target=answer, args=(job, there, back))
    child.start()
    pin(job.cpus[0])
    spent = []
    start = time.monotonic_ns()
    for number in range(job.count):
        before = time.monotonic_ns()
        there.send(filled(job.bytes, number))
        if number_of(back.receive()) != number:
            sys.exit("wrong message: answer")
        spent.append(time.monotonic_ns() - before)
    seconds = (time.monotonic_ns() - start) / 1e9
    child.join()
    spent.sort()
    at = lambda share: spent[int(share * (len(spent) - 1))]
    return {"messages": job.count, "seconds": seconds, "p50_ns": at(0.5), "p99_ns": at(0.99),
            "p999_ns": at(0.999)}


def main():
    job = parse()
    if job.variant == "pipe" and job.producers + job.consumers > 2:
        print("unsupported: a pipe has two ends", file=sys.stderr)
        sys.exit(3)
    multiprocessing.set_start_method("fork")
    print(json.dumps(round_trip(job) if job.mode == "round_trip" else one_way(job)))


if __name__ == "__main__":
    main()
