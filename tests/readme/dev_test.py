#!/usr/bin/env python3
"""What `./dev` does with arguments that are wrong or ask for help: it says so, and starts nothing.

    dev_test.py SOURCE_FOLDER

A copy of `dev` runs with tools in front of the system's that only write down that they ran.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(sys.argv.pop(1)).resolve()
TOOLS = ("apt-get", "apt-cache", "dpkg-query", "cmake", "ctest", "clang-format", "clang-format-14", "sudo")
COMMANDS = ("setup", "build", "demo", "soak", "check", "format", "help")


class Dev(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = Path(folder.name) / "tree"
        self.tree.mkdir()
        shutil.copy(SOURCE / "dev", self.tree)
        shutil.copytree(SOURCE / "benchmarks", self.tree / "benchmarks")
        self.ran = Path(folder.name) / "ran"
        stubs = Path(folder.name) / "stubs"
        stubs.mkdir()
        for tool in TOOLS:
            (stubs / tool).write_text(f'#!/bin/sh\necho {tool} >> "{self.ran}"\nexit 1\n', encoding="utf-8")
            (stubs / tool).chmod(0o755)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("BULKHEAD_")}
        self.environment["PATH"] = f"{stubs}:{self.environment['PATH']}"

    def dev(self, *arguments, **variables):
        done = subprocess.run([self.tree / "dev", *arguments], env={**self.environment, **variables}, timeout=30,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertFalse(self.ran.exists(), f"{arguments} started a tool")
        return done

    def test_a_command_without_arguments_refuses_them(self):
        for command in COMMANDS:
            done = self.dev(command, "--check")
            self.assertEqual((done.returncode, done.stdout), (2, ""), command)
            self.assertEqual(done.stderr, f"dev: {command} takes no arguments: --check\n")

    def test_each_command_has_help_and_does_nothing_else(self):
        for command in (*COMMANDS, "test", "bench"):
            for flag in ("--help", "-h"):
                done = self.dev(command, flag)
                self.assertEqual((done.returncode, done.stderr), (0, ""), command)
                self.assertIn(f"./dev {command}", done.stdout)

    def test_variables_are_looked_at_first(self):
        for name in ("BULKHEAD_JOBS", "BULKHEAD_SOAK_SECONDS"):
            for value in ("0", "-1", "1.5", "many"):
                done = self.dev("build", **{name: value})
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stderr, f"dev: {name} is no positive whole number: {value}\n")

    def test_what_bench_cannot_do_is_said_before_it_builds(self):
        done = self.dev("bench", "pool")
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no process pool yet", done.stderr)
        self.assertEqual(self.dev("bench", "--quick", "everything").returncode, 2)

    def test_help_keeps_the_log_of_a_setup(self):
        (self.tree / "build").mkdir()
        log = self.tree / "build" / "setup.log"
        log.write_text("words\n", encoding="utf-8")
        for arguments in ((), ("help",), ("--help",), ("build", "--help"), ("bench", "--help"), ("format", "--check")):
            self.dev(*arguments)
            self.assertEqual(log.read_text(encoding="utf-8"), "words\n", arguments)


if __name__ == "__main__":
    unittest.main()
