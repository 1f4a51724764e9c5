#!/usr/bin/env python3
"""The logic of the benchmark's runner: statistics, verdicts, tables, files. Measures nothing.

    runner_test.py BENCHMARKS_FOLDER
"""

import csv
import json
import stat
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path
from unittest import mock

sys.path.insert(0, sys.argv.pop(1))

from runner import __main__ as main  # noqa: E402
from runner import actors, figures, files, picture, process, profile, rows, special, table  # noqa: E402
from runner.contestants import Contestant, Job  # noqa: E402
from runner.mailbox import Mailbox  # noqa: E402
from runner.measure import Failure, Runner, Unsupported  # noqa: E402
from runner.outcome import Outcome  # noqa: E402
from runner.rows import Target  # noqa: E402

JSON_KEYS = ["row", "unit", "ours", "limit", "peers", "ratio", "target", "met"]


def outcome(ours=(10.0, 12.0, 11.0), **more):
    given = {"limit": [10.0, 10.0, 10.0], "targets": (Target("limit", 1.0),), "ours_name": "queue",
             "limit_name": "raw"}
    given.update(more)
    return Outcome("a row", "M msg/s", ours=list(ours), **given)


class Main(unittest.TestCase):
    def test_all_measures_each_kind_and_keeps_the_json_of_the_mailboxes(self):
        ran = []
        note = lambda kind: lambda options: ran.append((kind, options.json)) or 0  # noqa: E731
        with mock.patch.multiple(main, bench_mailbox=note("mailbox"), bench_process=note("process"),
                                 bench_actors=note("actors")):
            self.assertEqual(main.main(["build", "--json", "file"]), 0)
            self.assertEqual(ran, [("mailbox", "file"), ("process", None), ("actors", None)])
            ran.clear()
            main.main(["build", "--quick", "actors", "--json", "file"])
            self.assertEqual(ran, [("actors", "file")])


class Figures(unittest.TestCase):
    def test_a_quantile_lies_between_its_neighbours(self):
        self.assertEqual(figures.quantile([4, 1, 3, 2], 0.5), 2.5)
        self.assertEqual(figures.quantile([5], 0.25), 5)

    def test_rounds_in_which_one_side_failed_are_no_ratio(self):
        self.assertEqual(figures.ratios([2.0, None, 6.0], [1.0, 1.0, 2.0]), [2.0, 3.0])

    def test_no_values_have_no_summary(self):
        self.assertIsNone(figures.summarise([None, None]))

    def test_the_worst_step_counts_what_a_participant_gets(self):
        turn = {1: (10.0, 1), 2: (10.0, 1), 4: (10.0, 1)}
        self.assertEqual(figures.worst_step([turn]), 1.0)
        self.assertEqual(figures.worst_step([turn], lambda x: x), 2.0)
        self.assertIsNone(figures.worst_step([{1: (10.0, 1)}]))
        self.assertIsNone(figures.worst_step([]))

    def test_a_step_is_the_median_of_turns_in_which_the_machine_stayed(self):
        same = {1: (12.0, 1), 2: (6.0, 1)}
        moved = {1: (12.0, 10), 2: (1.0, 1)}
        self.assertEqual(figures.worst_step([same, moved, moved], None, 1.6), 2.0)
        self.assertEqual(figures.worst_step([same, moved, moved]), 12.0)
        self.assertEqual(figures.worst_step([moved], None, 1.6), 12.0)  # no other
        self.assertEqual(figures.worst_step([same, {2: (3.0, 1)}], None, 1.6), 2.0)


class Actors(unittest.TestCase):
    def test_each_of_the_savina_set_has_the_median_of_its_rounds_ratios(self):
        lines = [{"benchmark": name, "ours": ours, "caf": caf} for name, _ in actors.SAVINA
                 for ours, caf in ((1.0, 2.0), (9.0, 3.0), (4.0, 4.0))]
        rows = actors.savina_rows(lines)
        self.assertEqual(len(rows), len(actors.SAVINA))
        self.assertEqual({(row["ours"], row["theirs"], row["ratio"]) for row in rows},
                         {(4.0, 3.0, 1.0)})


class Verdicts(unittest.TestCase):
    def test_the_median_of_the_ratios_of_the_rounds_decides(self):
        # The ratio of the medians would be 1.0, and met.
        row = outcome(ours=(9.0, 18.0, 30.0), limit=[10.0, 20.0, 18.0])
        self.assertAlmostEqual(row.ratio().median, 0.9)
        self.assertFalse(row.met())

    def test_every_target_must_be_met(self):
        targets = (Target("limit", 1.0), Target("peer", 4.0))
        self.assertTrue(outcome(targets=targets, peers={"peer": [2.0, 2.0, 2.0]}).met())
        self.assertFalse(outcome(targets=targets, peers={"peer": [3.0, 3.0, 3.0]}).met())

    def test_a_peer_that_is_not_there_cannot_be_missed_but_ours_can(self):
        targets = (Target("limit", 1.0), Target("peer", 4.0))
        self.assertTrue(outcome(targets=targets).met())
        self.assertFalse(outcome(ours=()).met())
        self.assertFalse(outcome(limit=[]).met())

    def test_a_verdict_needs_its_rounds(self):
        few = outcome(rounds_wanted=9)
        self.assertFalse(few.met())
        self.assertEqual(table.verdict(few), "too few rounds")
        self.assertEqual(table.verdict(outcome(ours=(1.0, 1.0, 1.0), rounds_wanted=9)), "MISSED")
        self.assertEqual(table.verdict(outcome(ours=[11.0] * 9, limit=[10.0] * 9,
                                               rounds_wanted=9)), "met")

    def test_times_are_to_be_at_most_so_much(self):
        slow = (Target("limit", 0.75, at_most=True),)
        self.assertFalse(outcome(targets=slow).met())
        self.assertTrue(outcome(ours=(5.0, 6.0, 7.0), targets=slow).met())

    def test_a_second_figure_has_a_verdict_of_its_own(self):
        targets = (Target("limit", 1.0, True, "p999_ns"),)
        other = {("ours", "p999_ns"): [3.0, 3.0], ("limit", "p999_ns"): [2.0, 2.0]}
        self.assertFalse(outcome(targets=targets, other=other).met())

    def test_a_row_without_a_target_is_never_missed(self):
        self.assertTrue(outcome(ours=(), targets=()).met())


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)
        self.rows = [outcome(peers={"peer": [2.0, None, 2.0]}), outcome(ours=()),
                     outcome(table="peers", peers={"<peer> & more": [5.0]}, targets=())]

    def test_json_has_the_agreed_keys_and_no_others(self):
        files.write_json(self.path / "x.json", self.rows)
        read = json.loads((self.path / "x.json").read_text())
        self.assertEqual([list(row) for row in read], [JSON_KEYS] * 3)
        self.assertEqual(read[0]["ours"], 11.0)
        self.assertEqual(read[0]["peers"], {"peer": 2.0})
        self.assertEqual(read[0]["ratio"], 1.1)
        self.assertIs(read[0]["met"], True)
        self.assertIsNone(read[1]["ours"])
        self.assertIs(read[1]["met"], False)

    def test_csv_has_every_figure_of_every_round(self):
        curve = rows.curves()[0]
        points = [(8, figures.summarise([1.0]))]
        files.write_csv(self.path / "x.csv", self.rows[:1], [(curve, points)])
        with open(self.path / "x.csv", newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))
        self.assertEqual(len(lines), 1 + 3 + 3 + 2 + 1)

    def test_pictures_are_well_formed_whatever_the_names(self):
        curve = rows.curves()[0]
        points = [(8, figures.summarise([1e6, 2e6])), (16, figures.summarise([9e5, 1e6]))]
        names = files.write_pictures(self.path / "p", self.rows, [(curve, points), (curve, [])])
        self.assertEqual(len(names), 2)
        for name in names:
            xml.parse(self.path / "p" / name)
        xml.fromstring(picture.bars("nobody", []))

    def test_the_page_keeps_all_but_what_stands_between_the_marks(self):
        page = self.path / "page.md"
        page.write_text(f"before\n{files.BEGIN}\nold\n{files.END}\nafter\n", encoding="utf-8")
        text = files.section(self.rows, {"cpu": "x"}, ["a note"], ["a.svg"])
        files.write_page(page, text)
        files.write_page(page, text)
        now = page.read_text(encoding="utf-8")
        self.assertTrue(now.startswith("before\n") and now.endswith("\nafter\n"))
        self.assertNotIn("old", now)
        self.assertEqual(now.count("a note"), 1)


class Tables(unittest.TestCase):
    def test_missed_rows_come_first(self):
        lines = table.both_tables([outcome(), outcome(ours=())], table.plain)[0].splitlines()
        self.assertIn("MISSED", lines[2])
        self.assertIn("met", lines[3])

    def test_a_table_of_peers_has_the_fastest_first(self):
        row = outcome(table="peers", peers={"fast": [99.0]})
        self.assertEqual([line[1] for line in table.peer_lines(row)],
                         ["fast", "ours: queue", "limit: raw"])

    def test_every_row_has_another_name(self):
        names = [row.name for row in (*rows.target_rows(), *special.ROWS, *rows.peer_rows())]
        self.assertEqual(len(names), len(set(names)))

    def test_curves_go_from_point_to_point_by_doubling(self):
        for curve in rows.curves():
            points = [x for x, _ in curve.jobs]
            self.assertEqual(points[1:], [2 * x for x in points[:-1]])


class Profiles(unittest.TestCase):
    REPORT = """
# Overhead  Command    Symbol
    12.50%  process-2  [.] bench::ring<int, 64ul>::send(int const&)          -      -
     6.25%  swapper    [k] finish_task_switch        -      -
"""

    def test_a_report_of_perf_becomes_lines_without_types(self):
        lines = profile.lines_of(self.REPORT)
        self.assertEqual(lines, [(12.5, "process-2", "bench::ring::send"),
                                 (6.25, "kernel", "finish_task_switch")])
        text = files.section([outcome()], {}, [], [], {"a row": profile.as_text(lines)})
        self.assertIn("bench::ring::send", text)

    def test_a_command_that_fails_has_no_profile(self):
        self.assertEqual(profile.take(["false"]), [])


class Runs(unittest.TestCase):
    """With programs that measure nothing."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        (Path(self.folder.name) / "benchmarks").mkdir()
        self.addCleanup(self.folder.cleanup)
        self.said = []
        self.runner = Runner(self.folder.name, 0.01, time.monotonic() + 30, self.said.append)

    def program(self, name, body):
        path = Path(self.folder.name) / "benchmarks" / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return Contestant(name, name)

    def test_a_program_prints_its_result_last(self):
        good = self.program("good", 'echo noise; echo \'{"messages": 5, "seconds": 0.5}\'')
        self.assertEqual(self.runner.once(good, Job(count=1))[0]["messages"], 5)

    def test_a_failing_program_says_why(self):
        with self.assertRaisesRegex(Failure, "lost a message"):
            self.runner.once(self.program("bad", "echo lost a message >&2; exit 1"), Job())
        with self.assertRaises(Unsupported):
            self.runner.once(self.program("not", "echo unsupported: pairs >&2; exit 3"), Job())
        with self.assertRaisesRegex(Failure, "no result"):
            self.runner.once(self.program("mute", "true"), Job())

    def test_a_program_that_hangs_is_ended(self):
        start = time.monotonic()
        with self.assertRaisesRegex(Failure, "no end"):
            self.runner.once(self.program("hangs", "sleep 20 & wait"), Job(), timeout=0.2)
        self.assertLess(time.monotonic() - start, 10)

    def test_a_run_is_as_long_as_is_wanted_once_the_rate_is_known(self):
        job = Job()
        key, first = self.runner.sized(Contestant("x", "x", guess=1e6), job, 1.0)
        self.assertEqual(first.count, 100_000)
        self.runner.rates[key] = 2e6
        self.assertEqual(self.runner.sized(Contestant("x", "x"), job, 1.0)[1].count, 2_000_000)

    def test_what_the_start_of_many_processes_costs_is_not_taken_for_slowness(self):
        # 0.05 s, and then 10 000 messages a second.
        crowd = self.program("crowd", "while [ $1 != --count ]; do shift; done; "
                             'echo "{\\"messages\\": $2, \\"seconds\\": '
                             '$(awk "BEGIN {print 0.05 + $2 / 10000}")}"')
        crowd = Contestant(crowd.name, crowd.program, guess=64)
        result = self.runner.run(crowd, Job(), 0.5, 0)
        self.assertGreater(result["seconds"], 0.3)

    def test_a_contestant_that_is_not_there_is_skipped_with_one_line(self):
        mailbox = Mailbox(self.runner, True, self.said.append, lambda _: None)
        absent = Contestant("somebody", "no_such_program")
        self.assertFalse(mailbox.usable(absent) or mailbox.usable(absent))
        self.assertEqual(len(self.said), 1)
        self.assertIn("somebody", self.said[0])

    def test_when_the_time_is_over_the_rows_are_told_of_as_missed(self):
        runner = Runner(self.folder.name, 0.01, time.monotonic() - 1, self.said.append)
        mailbox = Mailbox(runner, False, self.said.append, lambda _: None)
        outcomes = mailbox.run()
        self.assertEqual(len(mailbox.unmeasured), len(self.said))
        self.assertFalse(any(o.met() for o in outcomes if o.targets or o.target_text))

    def test_a_row_takes_turns_and_keeps_the_figures_of_each_round(self):
        ours = self.program("ours", 'echo \'{"messages": 20, "seconds": 1e-5}\'')
        limit = self.program("limit", 'echo \'{"messages": 10, "seconds": 1e-5}\'')
        peer = self.program("peer", "echo broken >&2; exit 1")
        self.program("bench_raw", 'echo \'{"messages": 100, "seconds": 1e-5}\'')
        mailbox = Mailbox(self.runner, True, self.said.append, lambda _: None)
        row = rows.Row("r", Job(), ours, limit, (peer,), (Target("limit", 1.5),))
        out = mailbox.measure_row(row, 10)
        self.assertEqual([round(value, 9) for value in out.ours], [2.0] * 3)
        self.assertTrue(out.met())
        self.assertIn("peer: broken", out.notes)
        self.assertEqual(out.peers["peer"], [None, None, None])


class ProcessRows(unittest.TestCase):
    def test_a_ratio_is_the_median_of_those_of_the_rounds(self):
        rounds = [{"ours": 10.0, "fork": 10.0}, {"ours": 40.0, "fork": 20.0}, {"ours": 30.0, "fork": 10.0}]
        row = process.row_of(rounds, "start", "ours", "fork", 1.5)
        self.assertEqual(row["ratio"], 2.0)
        self.assertFalse(row["met"])

    def test_what_was_left_out_has_no_row(self):
        self.assertEqual([row["row"] for row in process.rows_of([{"ours": 1.0, "fork": 1.0}])],
                         ["start to user code"])


if __name__ == "__main__":
    unittest.main()
