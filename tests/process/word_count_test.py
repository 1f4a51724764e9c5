#!/usr/bin/env python3
"""Runs the word_count example on a generated tree and compares it with what grep and coreutils count.

usage: word_count_test.py BUILD_DIR CASE     (the cases are the functions below whose names start with case_)
"""
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

MIB = 1 << 20
PROGRAMS = os.path.join(sys.argv[1], "examples/word_count")
# The words of all files that grep can read, most frequent first, then in byte order.
REFERENCE = r"""
find "$@" -type f -print0 | xargs -0 grep -ohaE '[A-Za-z_][A-Za-z0-9_]*' 2>/dev/null |
sort | uniq -c | sort -k1,1nr -k2 | sed -E 's/^ *([0-9]+) /\1\t/'
"""


def make_tree(root):
    """Fills a folder with all that makes counting hard, the same at each run."""
    chance = random.Random(2)

    def write(name, content):
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    words = [b"word%d_%s" % (i, b"x" * (i % 30)) for i in range(3000)] + [b"a", b"_", b"Z9", b"12ab", b"7"]
    for i in range(300):
        text = b" ".join(chance.choices(words, k=chance.randrange(2000)))
        write(f"folder{i % 7}/deeper{i % 3}/file{i}.txt", text)
    write("empty", b"")
    write("crlf", b"one\r\ntwo\r\n\r\none")
    write("binary", bytes(range(256)) * 50 + chance.randbytes(100_000))
    write("odd names/with space", b"spaced spaced")
    write("odd names/with\nnewline", b"newline")
    write("odd names/-dash", b"dash")
    # An identifier, a number and a number followed by letters that lie across the borders of pieces.
    for cut in (b"crossing_identifier", b"x123456789", b"1234567890abc", b"__", b"a1a1a1a1a1"):
        before = b"." * (MIB - len(cut) // 2)
        write(f"borders/{cut.decode()}", before + cut + before[: MIB // 3] + cut)
    write("borders/exact", b"x" * 10 + b" " * (MIB - 20) + b"y" * 10 + b"z" * MIB)
    write("one identifier", b"i" * (3 * MIB))
    write("one number", b"1" * (2 * MIB + 5) + b"tail")
    write("large", b" ".join(chance.choices(words, k=250_000)))
    os.chmod(write("forbidden", b"only root reads this"), 0)
    os.symlink("crlf", os.path.join(root, "link to a file"))
    os.symlink("folder1", os.path.join(root, "link to a folder"))
    os.symlink(".", os.path.join(root, "link to itself"))
    os.symlink("nothing", os.path.join(root, "link to nothing"))


def make_too_deep(root):
    """Makes folders whose path is longer than any system call takes, with a file at the end."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        here, above = os.open("d" * 250, os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(os.open("unreachable", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def reference(*paths):
    return subprocess.run(["sh", "-c", REFERENCE, "sh", *paths], env={**os.environ, "LC_ALL": "C"},
                          stdout=subprocess.PIPE, check=True).stdout


def expected_times(output, factor):
    """A reference as if each of its files were there `factor` times."""
    lines = [line.split(b"\t") for line in output.splitlines()]
    return b"".join(b"%d\t%s\n" % (int(count) * factor, word) for count, word in lines)


class Run:
    """One finished run of a program: status, numbers of its table, words."""

    def __init__(self, program, *arguments, timeout=70):
        output = tempfile.NamedTemporaryFile(prefix="word-count-")
        environment = {**os.environ, "ASAN_OPTIONS": "handle_segv=0:" + os.environ.get("ASAN_OPTIONS", "")}
        try:
            done = subprocess.run(
                [os.path.join(PROGRAMS, program), "--output", output.name, *arguments], env=environment,
                stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, preexec_fn=without_core_files)
        except subprocess.TimeoutExpired as late:
            # Its lines of progress tell a program that stands still from one that is slow.
            raise AssertionError(f"not done in {timeout} s\n{(late.stderr or b'').decode()}") from None
        self.status, self.out, self.err = done.returncode, done.stdout.decode(), done.stderr.decode()
        self.words = output.read()

    def number(self, name):
        return int(re.search(rf"^{name} +(\d+)$", self.out, re.M).group(1))

    def check_exact(self, words, status=0):
        told = f"\n{self.out}\n{self.err}"
        assert self.status == status, f"exit status {self.status}{told}"
        assert self.words == words, "the words differ from the reference" + first_difference(self.words, words)
        for name in ("lost", "double"):
            assert self.number(name) == 0, f"{name}{told}"


def first_difference(ours, theirs):
    for a, b in zip(ours.splitlines(), theirs.splitlines()):
        if a != b:
            return f": {a[:80]!r} where {b[:80]!r} was expected"
    return f": {len(ours)} bytes where {len(theirs)} were expected"


def without_core_files():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)


def case_equals_grep_and_coreutils(folder):
    tree = os.path.join(folder, "tree")
    make_tree(tree)
    make_too_deep(tree)
    twice = os.path.join(tree, "crlf")
    words = reference(tree, twice)
    for program in ("word_count_single", "word_count"):
        run = Run(program, tree, twice)
        assert "File name too long" in run.out, run.out
        assert run.number("files read") > 300, run.out
        if program == "word_count":
            run.check_exact(words)
        else:
            assert run.status == 0 and run.words == words, first_difference(run.words, words)


def case_kills_change_nothing(folder):
    tree = os.path.join(folder, "tree")
    make_tree(tree)
    times = 5
    words = expected_times(reference(tree), times)
    for _ in range(3):
        run = Run("word_count", "--workers", "4", "--kill-every", "5ms", *[tree] * times)
        run.check_exact(words)
        assert run.number("kills") >= 20, run.out
        assert run.number("restarts") >= run.number("kills") - 5, run.out
        assert run.number("dead letters") == 0, run.out


def case_a_poisonous_file_is_named_and_the_rest_is_counted(folder):
    tree = os.path.join(folder, "tree")
    make_tree(tree)
    poison = os.path.join(folder, "poison \n")
    shutil.move(os.path.join(tree, "large"), poison)
    words = reference(tree)
    shutil.move(poison, os.path.join(tree, "poison \n"))
    poison = os.path.join(tree, "poison \n")
    run = Run("word_count", "--poison", poison, tree)
    run.check_exact(words, status=3)
    pieces = -(-os.path.getsize(poison) // MIB)
    assert pieces > 1 and run.number("dead letters") == pieces, run.out
    named = re.findall(r"^  \S*poison \\x0a, bytes .*SIGSEGV.* x5$", run.out, re.M)
    assert len(named) == pieces, run.out


def case_wrong_usage_is_told(folder):
    wrong = [[], ["--workers", "0", folder], ["--kill-every", "20", folder], ["--kill-every", "0s", folder],
             ["--unknown", folder], [os.path.join(folder, "gone")], ["--poison", folder + "/gone", folder],
             ["--top", "many", folder], ["--output", folder, folder], ["/dev/null"]]
    for arguments in wrong:
        done = subprocess.run([os.path.join(PROGRAMS, "word_count"), *arguments], capture_output=True, timeout=60)
        assert done.returncode == 2, (arguments, done)
        assert len(done.stderr.strip()) > 10 and not done.stdout, (arguments, done)
    done = subprocess.run([os.path.join(PROGRAMS, "word_count"), "--help"], capture_output=True, timeout=60)
    assert done.returncode == 0 and b"--kill-every" in done.stdout, done


def marked(mark):
    """The processes that were started, by whomever, with this mark in their environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark in file.read():
                    found.append(int(pid))
        except OSError:
            pass  # not ours, or gone meanwhile
    return found


def case_a_killed_parent_leaves_nothing(folder):
    tree, temporary = os.path.join(folder, "tree"), os.path.join(folder, "temporary")
    make_tree(tree)
    os.mkdir(temporary)
    shared_before = set(os.listdir("/dev/shm"))
    for kill_every in ([], ["--kill-every", "5ms"], ["--kill-every", "5ms"]):
        mark = uuid.uuid4().hex.encode()
        environment = {**os.environ, "WORD_COUNT_TEST": mark.decode(), "TMPDIR": temporary}
        run = subprocess.Popen([os.path.join(PROGRAMS, "word_count"), *kill_every, *[tree] * 2000], env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # The first line of progress comes after a second: then it is in its midst.
        assert b"files" in run.stderr.readline()
        wait_for(lambda: len(marked(mark)) >= 6, 30, "parent, keeper and four workers")
        run.send_signal(signal.SIGKILL)
        run.wait()
        wait_for(lambda: not marked(mark), 2, "all processes gone")
        run.stderr.close()
        assert os.listdir(temporary) == [], os.listdir(temporary)
        wait_for(lambda: set(os.listdir("/dev/shm")) <= shared_before, 2, "nothing new in /dev/shm")


def main():
    case = globals()["case_" + sys.argv[2]]
    with tempfile.TemporaryDirectory(prefix="word-count-test-") as folder:
        case(folder)


if __name__ == "__main__":
    main()
