"""Microseconds from killing a program of supervisord's to the first line of the next one.

    python3 supervisord_process.py COUNT SPEAKER SUPERVISORD
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SETTINGS = """[supervisord]
nodaemon=true
logfile={folder}/log
pidfile={folder}/pid
[program:speaker]
command={speaker} {folder}/lines
autorestart=true
startsecs=0
startretries=1000000
stdout_logfile=NONE
stderr_logfile=NONE
"""


def child_of(parent):
    while True:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        if children:
            return int(children[0])
        time.sleep(0.001)


def main(count, speaker, *supervisord):
    with tempfile.TemporaryDirectory() as folder:
        os.mkfifo(f"{folder}/lines")
        settings = Path(folder) / "settings"
        settings.write_text(SETTINGS.format(folder=folder, speaker=speaker), encoding="ascii")
        daemon = subprocess.Popen([*supervisord, "-c", settings], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        lines = os.open(f"{folder}/lines", os.O_RDWR)
        try:
            os.read(lines, 64)
            times = []
            for _ in range(count):
                victim = child_of(daemon.pid)
                begun = time.monotonic_ns()
                os.kill(victim, signal.SIGKILL)
                os.read(lines, 64)
                times.append((time.monotonic_ns() - begun) / 1000)
        finally:
            daemon.terminate()
            daemon.wait()
    print(json.dumps({"supervisord": statistics.median(times)}))


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
