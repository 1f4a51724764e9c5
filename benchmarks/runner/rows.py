"""What is measured: a row for each target of a mailbox, tables of peers, and curves.

Each row names its targets as the project set them before anything was measured.
"""

from dataclasses import dataclass

from .contestants import (BOOST_QUEUE, PEERS, SHARED_PEERS, ZEROMQ, Contestant, Job, forward, pipe,
                          queue, raw)


@dataclass(frozen=True)
class Target:
    against: str  # "limit", or a peer's name
    factor: float
    at_most: bool = False  # for times: ours is to be at most that many times the other's
    figure: str = ""  # another figure of the runs than the row's own

    def text(self):
        sign = "<=" if self.at_most else ">="
        what = f" {self.figure.replace('_ns', '')}" if self.figure else ""
        return f"{sign} {self.factor:g} x {self.against}{what}"

    def met_by(self, ratio):
        return ratio <= self.factor if self.at_most else ratio >= self.factor


@dataclass(frozen=True)
class Row:
    name: str
    job: Job
    ours: Contestant
    limit: Contestant = None
    peers: tuple = ()
    targets: tuple = ()
    figure: str = "rate"  # or a field of the program's line
    unit: str = "M msg/s"
    scale: float = 1e-6
    rounds: int = 9
    weight: float = 1.0  # of the time
    pairs: int = 0  # > 0: so many pairs at once
    hog: bool = False
    table: str = "targets"

    @property
    def smaller_is_better(self):
        return self.figure != "rate"


def slots_for(size):
    """4096 slots, but at most 4 MiB of messages under way, which the caches can hold."""
    return max(16, min(4096, (4 << 20) // size))


def job_of(size, mode="one_way", **more):
    return Job(mode=mode, bytes=size, slots=slots_for(size), **more)


ONE_WAY = job_of(64)
ROUND_TRIP = job_of(64, "round_trip")
ONE_CPU = job_of(64, "round_trip", cpus=(0, 0))
VYUKOV = raw("vyukov", 1e7)
TIME = {"figure": "p50_ns", "unit": "us", "scale": 1e-3}


def at_least(factor, against="limit"):
    return Target(against, factor)


def at_most(factor, against="limit", figure=""):
    return Target(against, factor, True, figure)


def shared_queue_row(name, job):
    return Row(name, job, queue(), VYUKOV, (BOOST_QUEUE,),
               (at_least(1.0), at_least(4.0, BOOST_QUEUE.name)), weight=2)


def in_place_row(ours, size, factor):
    name = {1024: "1 KiB", 65536: "64 KiB"}[size]
    return Row(f"{ours.name.split()[0]}, {name} by loan and in place", job_of(size), ours,
               raw("spsc_in_place", 1e6), (), (at_least(factor),))


def target_rows():
    crowd = {"limit": raw("spsc_yield"), "targets": (at_least(0.8),), "weight": 1.5}
    return [
        Row("pipe, 64 B one way", ONE_WAY, pipe(), raw("spsc"), (BOOST_QUEUE, ZEROMQ),
            (at_least(0.9), at_least(3.0, BOOST_QUEUE.name), at_least(4.0, ZEROMQ.name)), weight=2),
        Row("pipe, 64 B batched", ONE_WAY, pipe("batch"), raw("spsc_batch"), (), (at_least(1.0),)),
        shared_queue_row("queue, take and ack, 64 B, 1 -> 1", ONE_WAY),
        shared_queue_row("queue, take and ack, 64 B, 4 -> 1", job_of(64, producers=4)),
        shared_queue_row("queue, take and ack, 64 B, 1 -> 4", job_of(64, consumers=4)),
        Row("forward beside send and ack", ONE_WAY, forward("forward"), forward("send_ack"), (),
            (at_most(1.1),), figure="ns_a_message", unit="ns", scale=1.0),
        in_place_row(pipe("in_place"), 1024, 0.8),
        in_place_row(pipe("in_place"), 65536, 0.9),
        in_place_row(queue("in_place"), 1024, 0.5),
        in_place_row(queue("in_place"), 65536, 0.8),
        Row("round trip, 64 B, pipe, both awake", ROUND_TRIP, pipe(), raw("spin_futex", 2e6), (),
            (at_most(0.75), at_most(1.0, figure="p999_ns")), **TIME),
        Row("round trip, 64 B, pipe, both on one CPU", ONE_CPU, pipe(), raw("futex", 1e5), (),
            (at_most(0.9),), **TIME),
        Row("2 pairs on 2 CPUs, pipe", ONE_WAY, pipe(), pairs=2, **crowd),
        Row("4 pairs on 2 CPUs, pipe", ONE_WAY, pipe(), pairs=4, **crowd),
        Row("a pair beside a CPU hog, pipe", ONE_WAY, pipe(), pairs=1, hog=True, **crowd),
    ]


def peer_rows():
    """Everyone beside everyone; fewer rounds, since no target hangs on them."""
    rows = []
    plain = {"rounds": 3, "weight": 2, "table": "peers"}
    more = (raw("spsc_park"), queue("receive"), queue("take"))
    for size, name in ((8, "8 B"), (64, "64 B"), (1024, "1 KiB"), (65536, "64 KiB")):
        rows.append(Row(f"one way, {name}", job_of(size), pipe(), raw("spsc"), more + PEERS,
                        **plain))
    rows.append(Row("round trip, 64 B", ROUND_TRIP, pipe(), raw("spin", 4e6),
                    (raw("spin_futex", 2e6), raw("futex", 1e5), queue("take"), *PEERS), **TIME,
                    **plain))
    for name, job in (("4 -> 1, 64 B", job_of(64, producers=4)),
                      ("1 -> 4, 64 B", job_of(64, consumers=4))):
        rows.append(Row(name, job, queue("take"), VYUKOV,
                        (raw("vyukov_wide", 1e7), queue("receive"), *SHARED_PEERS), **plain))
    return rows


@dataclass(frozen=True)
class Curve:
    name: str
    ours: Contestant
    axis: str  # what x is
    jobs: tuple  # of (x, Job)
    participants: object = None  # x -> by how many the throughput is divided

    def quick(self):
        """Every fourth point."""
        return Curve(self.name, self.ours, self.axis, self.jobs[::4], self.participants)


def powers(first, last):
    x = first
    while x <= last:
        yield x
        x *= 2


def curves():
    sizes = [(x, Job(bytes=x, slots=max(2, min(4096, (4 << 20) // x)))) for x in
             powers(8, 64 << 20)]
    slots = [(x, Job(bytes=64, slots=x)) for x in powers(1, 1 << 20)]
    producers = [(x, job_of(64, producers=x)) for x in powers(1, 64)]
    consumers = [(x, job_of(64, consumers=x)) for x in powers(1, 64)]
    both = [(x, job_of(64, producers=x, consumers=x)) for x in powers(1, 64)]
    return [
        Curve("queue by message size", queue(), "bytes a message", tuple(sizes)),
        Curve("pipe by message size", pipe(), "bytes a message", tuple(sizes)),
        Curve("queue by slots", queue(), "slots a sender", tuple(slots)),
        Curve("queue by producers", queue(), "producers", tuple(producers), lambda x: x),
        Curve("queue by consumers", queue(), "consumers", tuple(consumers), lambda x: x),
        Curve("queue by producers and consumers", queue(), "producers and as many consumers",
              tuple(both), lambda x: x),
    ]
