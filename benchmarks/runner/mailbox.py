"""`./dev bench mailbox`: measures all rows and curves within the time."""

import time

from . import profile, rows, special
from .figures import summarise, worst_step
from .measure import CHANGE_MAX, REPEATS_MAX, Failure, Unsupported, rate
from .outcome import Outcome

TURNS_MAX = 5  # over the points of a curve


def figure_of(result, figure):
    if figure == "rate":
        return rate(result)
    if figure == "ns_a_message":
        return 1e9 / rate(result)
    return result.get(figure)


class Mailbox:
    def __init__(self, runner, quick, say, progress):
        self.runner = runner
        self.quick = quick
        self.say = say
        self.progress = progress
        self.absent = {}  # contestant's name -> why
        self.unmeasured = []  # names of rows for which there was no time
        self.curves = []  # (Curve, [(x, Summary)])
        self.steps = {}  # curve's name -> its worst step

    def usable(self, contestant):
        why = self.absent.get(contestant.name) or contestant.missing(self.runner.build)
        if why is None:
            return True
        if contestant.name not in self.absent:
            self.say(f"skipped: {contestant.name}: {why}")
            self.absent[contestant.name] = why
        return False

    # -- rows --------------------------------------------------------------------------------------

    def measure_row(self, row, seconds):
        """One row: everyone in turns, round by round."""
        out = Outcome(row.name, row.unit, row.smaller_is_better, row.ours.name,
                      row.limit.name if row.limit else "", targets=row.targets, table=row.table)
        cast = [("ours", row.ours), ("limit", row.limit)]
        cast += [(peer.name, peer) for peer in row.peers]
        cast = [(who, c) for who, c in cast if c is not None and self.usable(c)]
        broken = {}
        judged = bool(row.targets)
        # On a machine that is busy with other work a run may take a hundred times as long: after
        # twice the row's time nobody is started any more.
        hard_end = time.monotonic() + 2 * seconds

        def run_all():
            results = {}
            for who, contestant in cast:
                if who in broken:
                    continue
                if time.monotonic() > hard_end:
                    broken[who] = f"{contestant.name}: no time left"
                    continue
                self.progress(f"{row.name}: {contestant.name}")
                try:
                    if row.pairs:
                        results[who] = self.runner.crowd(contestant, row.job, row.pairs, row.hog)
                    else:
                        results[who] = self.runner.run(contestant, row.job,
                                                       repeats=REPEATS_MAX if judged else 0)
                except Unsupported as why:
                    broken[who] = f"{contestant.name}: {why}"
                except Failure as why:
                    # One more chance in the next round, as a peer may lose messages now and then.
                    out.notes.append(f"{contestant.name}: {why}")
                    if sum(contestant.name in note for note in out.notes) > 1:
                        broken[who] = f"{contestant.name} failed"
            return results

        out.rounds_wanted = 3 if self.quick else row.rounds
        kept, out.dropped = self.runner.rounds(out.rounds_wanted, seconds, run_all, judged)
        self.fill(out, row, kept)
        out.notes += broken.values()
        return out

    @staticmethod
    def fill(out, row, kept):
        def values(who, figure, scale):
            found = [figure_of(r[who], figure) if who in r else None for r in kept]
            return [None if value is None else value * scale for value in found]

        out.ours = values("ours", row.figure, row.scale)
        if row.limit:
            out.limit = values("limit", row.figure, row.scale)
        for peer in row.peers:
            out.peers[peer.name] = values(peer.name, row.figure, row.scale)
        for target in row.targets:
            if target.figure:
                for who in ("ours", target.against):
                    out.other[(who, target.figure)] = values(who, target.figure, row.scale)

    # -- curves ------------------------------------------------------------------------------------

    def measure_curve(self, curve, seconds):
        """Turns over all points, so that neighbours run one after the other."""
        turns = []
        end = time.monotonic() + seconds
        self.runner.row_end = end
        if not self.usable(curve.ours):
            return []
        while not turns or not self.quick and len(turns) < TURNS_MAX and time.monotonic() < end:
            turn = {}
            for x, job in curve.jobs:
                if time.monotonic() > end + seconds or self.runner.time_left() < 0:
                    break
                self.progress(f"{curve.name}: {x}")
                try:
                    probe = self.runner.raw_ring()
                    # Each of a crowd has pages to map before its first message.
                    length = 0.15 + 0.015 * (job.producers + job.consumers)
                    turn[x] = (rate(self.runner.run(curve.ours, job, length, 0)), probe)
                except Failure as why:
                    if not turns:
                        self.say(f"{curve.name} at {x}: {why}")
            turns.append(turn)
        step = worst_step(turns, curve.participants, CHANGE_MAX)
        if step is not None:
            self.steps[curve.name] = step
        points = {x: [turn[x][0] for turn in turns if x in turn] for x, _ in curve.jobs}
        return [(x, summarise(values)) for x, values in points.items() if values]

    def scale_row(self):
        """By how much throughput a participant falls at most between neighbouring points."""
        out = Outcome("scale: worst step between neighbouring points", "x", True,
                      target_text="<= 2.5", met_by_value=lambda value: value <= 2.5)
        if self.steps:
            out.ours = [max(self.steps.values())]
            out.ours_name = max(self.steps, key=self.steps.get)
            out.notes = [f"{name}: {step:.2f}" for name, step in self.steps.items()]
        return out

    # -- missed rows -------------------------------------------------------------------------------

    def profiles(self, outcomes):
        """Name -> lines, for each missed row of which ours could run."""
        rows_by_name = {row.name: row for row in rows.target_rows()}
        found = {}
        for outcome in outcomes:
            row = rows_by_name.get(outcome.name)
            if row is None or outcome.met() or outcome.median(outcome.ours) is None:
                continue
            self.progress(f"a profile of {row.name}")
            job = self.runner.sized(row.ours, row.job, 1.0)[1]
            lines = profile.take(row.ours.command(self.runner.build, job))
            if lines:
                found[row.name] = profile.as_text(lines)
        return found

    # -- all ---------------------------------------------------------------------------------------

    def run(self):
        """@returns the outcomes, in the order of the report."""
        plan = [(row, row.weight) for row in rows.target_rows()]
        plan += [(row, 0.6) for row in special.ROWS]
        plan += [(row, 2.5 * row.weight) for row in rows.peer_rows()]
        plan += [(curve.quick() if self.quick else curve, 1.5) for curve in rows.curves()]
        outcomes = []
        weight_left = sum(weight for _, weight in plan)
        for number, (item, weight) in enumerate(plan, 1):
            name = item.name
            seconds = max(1.0, self.runner.time_left() * weight / weight_left)
            weight_left -= weight
            self.say(f"{number} of {len(plan)}: {name}")
            if self.runner.time_left() < 0:
                self.unmeasured.append(name)
                if isinstance(item, rows.Row):
                    outcomes.append(Outcome(name, item.unit, item.smaller_is_better,
                                            targets=item.targets, table=item.table))
                elif not isinstance(item, rows.Curve):
                    outcomes.append(Outcome(name, item.unit, True, target_text=item.target_text))
            elif isinstance(item, rows.Row):
                outcomes.append(self.measure_row(item, seconds))
            elif isinstance(item, rows.Curve):
                self.curves.append((item, self.measure_curve(item, seconds)))
            else:
                outcomes.append(item.measure(self, seconds))
        if not self.quick:
            outcomes.append(self.scale_row())
        return outcomes

