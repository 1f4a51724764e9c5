"""The memcached_server example, driven over loopback.

    memcached_server_test.py PROGRAM client      a real client, pymemcache, beside malformed requests
    memcached_server_test.py PROGRAM malformed   requests byte by byte; needs no client

Without pymemcache (Debian: python3-pymemcache) the first says so and exits with 77.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

DEBIANS = "/usr/bin/python3"
SECONDS = 30  # longest that anything may take
CRASH = b"SERVER_ERROR the parser crashed\r\n"
# Each brings the parser down: a key that is too long, a length that is none, one that is none at all.
CRASHING = (b"get " + b"k" * 300 + b"\r\n", b"set k 0 0 many\r\n",
            b"set k 0 0 99999999999999999999999\r\n")


def check(is_so, what):
    if not is_so:
        raise AssertionError(what)


class Server:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"serving 127\.0\.0\.1 port (\d+), store (\d+)\n", line)
        check(found, f"it began with {line!r}")
        self.port, self.store = int(found[1]), int(found[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(SECONDS)

    def end(self):
        """Ends it in order. Returns how many clients crashed its parser, as it says."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=SECONDS)
        check(self.process.returncode == 0, f"it ended with {self.process.returncode}")
        found = re.search(r"(\d+) clients crashed the parser\n$", out)
        check(found, f"its last words were {out!r}")
        return int(found[1])

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), SECONDS)


def until_end(line):
    answer = b""
    while more := line.recv(65536):
        answer += more
    return answer


def answer_to(server, *pieces):
    """What a connection gets for these pieces and quit, each sent by itself."""
    with server.connect() as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            line.sendall(piece)
            time.sleep(0.002)  # so that they come apart, mostly; the answer is the same either way
        line.shutdown(socket.SHUT_WR)
        return until_end(line)


def malformed(program):
    with Server(program) as server:
        cases = (
            ((b"set a 5 0 3\r\nabc\r\nget a b\r\n",), b"STORED\r\nVALUE a 5 3\r\nabc\r\nEND\r\n"),
            ((b"se", b"t a 0 0 3 nore", b"ply\r\nx\r\n", b"\r", b"\nget a\r", b"\n"),
             b"VALUE a 0 3\r\nx\r\n\r\nEND\r\n"),
            ((b"delete a\r\ndelete a\r\nget a\r\n",), b"DELETED\r\nNOT_FOUND\r\nEND\r\n"),
            ((b"set b 0 -1 1\r\nx\r\nget b\r\n",), b"STORED\r\nEND\r\n"),
            ((b"nonsense\r\n\r\nget a\r\n",), b"ERROR\r\nERROR\r\nEND\r\n"),
            ((bytes(range(1, 256)) + b"\n",), None),
            ((b"set c 0 0 1\r\nxyz\r\n",), b"CLIENT_ERROR bad data chunk\r\n"),
            ((b"set c 0 0 102401\r\n",), b"SERVER_ERROR object too large for cache\r\n"),
            ((b"x" * 10000,), b"CLIENT_ERROR line too long\r\n"),
            ((b"get a\r\nquit\r\nget a\r\n",), b"END\r\n"),
        )
        for pieces, wanted in cases:
            got = answer_to(server, *pieces)
            check(wanted is None or got == wanted, f"{pieces} was answered by {got}")
        for request in CRASHING:
            check(answer_to(server, request) == CRASH, f"{request[:30]} was not said to crash it")
        check(answer_to(server, b"get a\r\n") == b"END\r\n", "it serves no more")
        crashes = server.end()
        check(crashes == len(CRASHING), f"{crashes} crashes")
        print(f"{len(cases) + len(CRASHING)} requests, {crashes} crashes")


class Friend(threading.Thread):
    """Uses the server by a real client until told to stop, and checks every answer."""

    def __init__(self, server, make_client, number):
        super().__init__()
        self.client = make_client(server)
        self.name = f"friend-{number}"
        self.stop = threading.Event()
        self.rounds, self.failure = 0, None

    def run(self):
        try:
            while not self.stop.is_set():
                self.round()
                self.rounds += 1
        except Exception as failure:
            self.failure = failure

    def round(self):
        key, value = f"{self.name}-{self.rounds % 10}", f"{self.rounds}\r\n".encode() * 50
        check(self.client.set(key, value, noreply=self.rounds % 2 == 0), "set")
        check(self.client.get(key) == value, "another value")
        check(self.client.get_many([key, "nobody"]) == {key: value}, "other values")
        check(self.client.delete(key, noreply=False), "delete")
        check(self.client.get(key) is None, "a value that was deleted")


def client(program):
    try:
        from pymemcache.client.base import Client
    except ImportError:
        # A Python that is not Debian's does not find Debian's packages.
        if sys.executable != DEBIANS and os.path.exists(DEBIANS):
            os.execv(DEBIANS, [DEBIANS, *sys.argv])
        print("skipped: there is no pymemcache (Debian: python3-pymemcache)")
        sys.exit(77)

    def make_client(server):
        return Client(("127.0.0.1", server.port), connect_timeout=SECONDS, timeout=SECONDS)

    with Server(program) as server:
        big = os.urandom(100 << 10)
        own = make_client(server)
        check(own.version().startswith(b"1.0"), "version")
        check(own.set("big", big, noreply=False) and own.get("big") == big, "100 KiB")
        friends = [Friend(server, make_client, number) for number in range(3)]
        for friend in friends:
            friend.start()
        for number in range(30):
            request = CRASHING[number % len(CRASHING)]
            check(answer_to(server, request) == CRASH, f"{request[:30]} was not said to crash it")
            seen = [friend.rounds for friend in friends]
            deadline = time.monotonic() + SECONDS
            while any(f.rounds == s and f.is_alive() for f, s in zip(friends, seen)):
                check(time.monotonic() < deadline, "nobody else is served")
                time.sleep(0.001)
        for friend in friends:
            friend.stop.set()
            friend.join(SECONDS)
            check(friend.failure is None, f"{friend.name}: {friend.failure!r}")
        # A cache that was killed has forgotten, and serves on.
        os.kill(server.store, signal.SIGKILL)
        check(own.set("after", b"1", noreply=False) and own.get("after") == b"1", "a new store")
        check(own.get("big") is None, "the old store's data")
        rounds = sum(friend.rounds for friend in friends)
        crashes = server.end()
        check(crashes == 30, f"{crashes} crashes")
        print(f"{rounds} rounds of 3 clients without an error, {crashes} crashes")


{"client": client, "malformed": malformed}[sys.argv[2]](sys.argv[1])
