"""Where the time of a missed row goes: functions by their share, as perf samples them."""

import re
import shutil
import subprocess
import tempfile

from . import machine

SECONDS_MAX = 30
LINES = 10


def lines_of(report, most=LINES):
    """The first `(share, where, function)` of a report of perf, in its order."""
    found = []
    for line in report.splitlines():
        match = re.match(r"\s*([\d.]+)%\s+(\S+)\s+\[([.k])\]\s+(.*\S)", line)
        if match:
            share, process, level, symbol = match.groups()
            symbol = re.sub(r"\s+-\s+-\s*$", "", symbol).strip()
            where = "kernel" if level == "k" else process
            found.append((float(share), where, shortened(symbol)))
    return found[:most]


def shortened(symbol, most=90):
    """A C++ name without what its arguments are."""
    name = symbol
    while (inner := re.sub(r"<[^<>]*>", "", name)) != name:
        name = inner
    name = name.split("(")[0] or symbol
    return name if len(name) <= most else name[: most - 3] + "..."


def take(command):
    """Runs a command under perf. @returns its lines; none where perf does not work."""
    if shutil.which("perf") is None:
        return []
    with tempfile.NamedTemporaryFile(suffix=".perf") as data:
        try:
            # The CPU's own counters are not there on many virtual machines.
            subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", "2000", "-o",
                            data.name, *command], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=SECONDS_MAX, check=True)
            report = subprocess.run(["perf", "report", "--stdio", "-i", data.name, "--sort",
                                     "comm,symbol"], capture_output=True, text=True,
                                    timeout=SECONDS_MAX, check=True).stdout
        except (subprocess.SubprocessError, OSError):
            return []
        finally:
            machine.reap_orphans()
    return lines_of(report)


def as_text(lines):
    return [f"{share:5.1f} %  {where:<10} {symbol}" for share, where, symbol in lines]
