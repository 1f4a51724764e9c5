#!/usr/bin/env python3
"""Runs an example and compares what it prints with what the last comment of its source says.

    check_output.py SOURCE PROGRAM     exits with 1 when they differ, and shows both

The comment is at the end of the file: a line that ends in "prints", then the output, each line
behind "//   ".
"""

import subprocess
import sys
from pathlib import Path

SECONDS_MAX = 50


def expected(source: str) -> str:
    lines = Path(source).read_text().splitlines()
    begin = max((n for n, line in enumerate(lines) if line.startswith("// ") and line.endswith(" prints")),
                default=None)
    if begin is None:
        sys.exit(f"{source}: no comment at its end says what it prints")
    output = lines[begin + 1:]
    if not output or not all(line.startswith("//   ") for line in output):
        sys.exit(f"{source}: what it prints must end the file, each line behind '//   '")
    return "".join(line.removeprefix("//   ") + "\n" for line in output)


def main() -> None:
    source, program = sys.argv[1:]
    wanted = expected(source)
    run = subprocess.run([program], capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    if run.returncode == 0 and run.stdout == wanted:
        return
    sys.exit(f"{program} ended with {run.returncode} and printed\n{run.stdout}---- instead of\n{wanted}"
             f"---- standard error\n{run.stderr}")


main()
