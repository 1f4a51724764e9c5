"""What came out of a row: the figures of every round, and the verdict."""

from dataclasses import dataclass, field

from . import figures


@dataclass
class Outcome:
    """Figures are in the row's unit; a list has one entry a round, None where a run failed."""

    name: str
    unit: str
    smaller_is_better: bool = False
    ours_name: str = ""
    limit_name: str = ""
    ours: list = field(default_factory=list)
    limit: list = field(default_factory=list)
    peers: dict = field(default_factory=dict)
    other: dict = field(default_factory=dict)  # (whose, figure) -> list
    targets: tuple = ()
    target_text: str = ""  # where `targets` do not say it all
    met_by_value: object = None  # a function of the median, for targets that are numbers
    rounds_wanted: int = 1  # fewer ratios than that are no verdict
    dropped: int = 0
    notes: list = field(default_factory=list)
    table: str = "targets"

    def median(self, values):
        summary = figures.summarise(values)
        return summary.median if summary else None

    def ratio(self, against="limit", figure=""):
        """The summary of ours to the other's, round by round; None when there is none."""
        theirs = self.limit if against == "limit" else self.peers.get(against, [])
        ours = self.ours
        if figure:
            ours = self.other.get(("ours", figure), [])
            theirs = self.other.get((against, figure), [])
        return figures.summarise(figures.ratios(ours, theirs))

    def target(self):
        return self.target_text or ", ".join(t.text() for t in self.targets) or "none"

    def enough(self):
        """Whether there were as many rounds as a verdict needs."""
        ratio = self.ratio()
        return not self.targets or (ratio is not None and ratio.count >= self.rounds_wanted)

    def met(self):
        """A peer that is not there cannot be missed; ours that is not there misses all, and so
        does a row of too few rounds."""
        return self.enough() and self.holds()

    def holds(self):
        """Whether what was measured is as it should be, however often it was measured."""
        if self.median(self.ours) is None:
            return not (self.targets or self.target_text)
        if self.met_by_value is not None:
            return bool(self.met_by_value(self.median(self.ours)))
        for target in self.targets:
            ratio = self.ratio(target.against, target.figure)
            if ratio is None:
                if target.against == "limit":
                    return False
                continue
            if not target.met_by(ratio.median):
                return False
        return True

    def as_json(self):
        """The shape that other programs read; its keys are fixed."""
        ratio = self.ratio()
        rounded = lambda value: None if value is None else float(f"{value:.6g}")
        return {
            "row": self.name,
            "unit": self.unit,
            "ours": rounded(self.median(self.ours)),
            "limit": rounded(self.median(self.limit)),
            "peers": {name: rounded(self.median(values)) for name, values in self.peers.items()
                      if self.median(values) is not None},
            "ratio": rounded(ratio.median if ratio else None),
            "target": self.target(),
            "met": self.met(),
        }
