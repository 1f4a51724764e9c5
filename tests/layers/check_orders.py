#!/usr/bin/env python3
"""Checks that each acquire and release in core and os says what it serves.

    check_orders.py [TREE]     exits with 1 when one does not, and says where

A word that is stored with release or loaded with acquire hands something over. A comment in the
same paragraph of code, that is above it without an empty line between, or in the comment before
the function, says what: by the transition's name in docs/queue-protocol.md or docs/pipe-protocol.md
(S3, T1, F6, R2, P1, ...) or in words ("Acquire: ...", "who sees ... sees ..."). Relaxed loads and
stores hand nothing over, and seq_cst ones are what the protocol's fences are: both need no comment.
"""

import re
import sys
from pathlib import Path

FOLDERS = ("runtime/src/core", "runtime/src/os")
ORDER = re.compile(r"memory_order_(acquire|release|acq_rel)")
REASON = re.compile(r"\b[STFRP]\d\b|\bacquire\b|\brelease\b|\bsees?\b|before\b|after\b", re.IGNORECASE)


def comments_above(lines, index):
    """The comments of the paragraph that a line stands in, and those before its function."""
    found = []
    # The paragraph: up to an empty line.
    n = index
    while n >= 0 and lines[n].strip():
        if "//" in lines[n]:
            found.append(lines[n].split("//", 1)[1])
        n -= 1
    # The function: up to the last line that begins at column 0 and opens it, then its comments.
    n = index
    while n >= 0 and not re.match(r"[A-Za-z\[].*[\({,]\s*$|[A-Za-z\[].*\{.*\}?$", lines[n]):
        n -= 1
    n -= 1
    while n >= 0 and lines[n].lstrip().startswith("//"):
        found.append(lines[n].split("//", 1)[1])
        n -= 1
    return " ".join(found)


def check(root):
    """@returns (how many orders there are, the places that say nothing)."""
    count = 0
    silent = []
    for folder in FOLDERS:
        for path in sorted((Path(root) / folder).rglob("*.[ch]pp")):
            lines = path.read_text(encoding="utf-8").split("\n")
            for index, line in enumerate(lines):
                if not ORDER.search(line.split("//")[0]):
                    continue
                count += 1
                if not REASON.search(comments_above(lines, index)):
                    silent.append(f"{path.relative_to(root)}:{index + 1}: {line.strip()}")
    return count, silent


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    count, silent = check(root)
    for place in silent:
        print(f"{place}\n  says nowhere what it hands over")
    print(f"{count} acquires and releases, {len(silent)} without a word")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
