"""Who can be measured: the programs of the build folder and of the system, driven alike."""

import shutil
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Contestant:
    name: str
    program: str  # of the build folder, or a script below benchmarks/peers
    variant: str = ""
    guess: float = 1e6  # messages a second, before the first run
    prefix: tuple = ()  # what runs the program
    needs: tuple = ()  # commands that must be there

    def path(self, build):
        script = HERE / "peers" / self.program
        return script if script.is_file() else Path(build) / "benchmarks" / self.program

    def missing(self, build):
        """Why it cannot run here, or None."""
        for command in self.needs:
            if shutil.which(command) is None:
                return f"{command} is not installed"
        if not self.path(build).exists():
            return f"{self.program} was not built: what it needs is not there"
        return None

    def command(self, build, job):
        line = [*self.prefix, str(self.path(build)), job.mode]
        if self.variant:
            line += ["--variant", self.variant]
        return line + job.options()


@dataclass(frozen=True)
class Job:
    """The common command line (benchmarks/common/job.hpp)."""

    mode: str = "one_way"
    bytes: int = 64
    producers: int = 1
    consumers: int = 1
    slots: int = 4096
    cpus: tuple = (0, 1)
    count: int = 0

    def options(self):
        return ["--bytes", str(self.bytes), "--count", str(self.count),
                "--producers", str(self.producers), "--consumers", str(self.consumers),
                "--slots", str(self.slots), "--cpus", f"{self.cpus[0]},{self.cpus[1]}"]


def raw(variant, guess=2e7):
    return Contestant(f"raw {variant}", "bench_raw", variant, guess)


def queue(variant="take", guess=2e6):
    return Contestant(f"queue {variant}", "bench_queue", variant, guess)


def pipe(variant="receive", guess=5e6):
    return Contestant(f"pipe {variant}", "bench_pipe", variant, guess)


def forward(variant):
    return Contestant(variant, "bench_forward", variant, 2e6)


PYTHON = ("python3", "-B")
MPIRUN = ("mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--quiet",
          "-n", "2")

BOOST_QUEUE = Contestant("Boost message_queue", "bench_boost_message_queue", guess=3e6)
ZEROMQ = Contestant("ZeroMQ", "bench_zeromq", guess=1e6)
PYTHON_QUEUE = Contestant("Python Queue", "python_mailbox.py", "queue", 1e5, PYTHON, ("python3",))

PEERS = (
    Contestant("Boost lockfree", "bench_boost_lockfree", guess=1e7),
    Contestant("Open MPI", "bench_mpi", guess=5e6, prefix=MPIRUN, needs=("mpirun",)),
    BOOST_QUEUE,
    ZEROMQ,
    Contestant("iceoryx", "bench_iceoryx", guess=5e5, needs=("iox-roudi",)),
    Contestant("pipe(2)", "bench_system_pipe", guess=1e6),
    Contestant("unix socket", "bench_unix_socket", guess=5e5),
    Contestant("nng", "bench_nng", guess=5e4),
    Contestant("CAF BASP", "bench_caf_basp", guess=1e5),
    Contestant("Erlang", "erlang_mailbox.escript", guess=1e5, prefix=("escript",),
               needs=("escript", "epmd")),
    PYTHON_QUEUE,
    Contestant("Python Pipe", "python_mailbox.py", "pipe", 1e5, PYTHON, ("python3",)),
)
SHARED_PEERS = (BOOST_QUEUE, ZEROMQ, PYTHON_QUEUE)  # with several producers or consumers
