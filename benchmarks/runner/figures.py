"""Medians, quartiles and the ratios by which a row is judged."""

from dataclasses import dataclass


def quantile(values, share):
    """The value below which `share` of the values lie, between neighbours in proportion."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


@dataclass(frozen=True)
class Summary:
    low: float  # first quartile
    median: float
    high: float  # third quartile
    count: int


def summarise(values):
    """None where there are no values."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return Summary(quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75),
                   len(values))


def ratios(ours, theirs):
    """Ours to theirs, round by round: only what ran side by side is compared."""
    return [a / b for a, b in zip(ours, theirs) if a is not None and b]


def worst_step(turns, per=None, change_max=float("inf")):
    """The largest factor by which throughput falls between neighbouring points of a curve.

    `turns` are runs over all points, each {x: (value, probe)}; `per` divides each value, e.g. by the
    number of participants. A step is the median over the turns of the ratio of two runs that
    followed each other; where the machine changed between them, which their probes tell by more than
    a factor of `change_max`, the ratio says nothing of the step, and counts only if there is no
    other. None for fewer than two points.
    """
    def fall(turn, x, y):
        each = [turn[at][0] / (per(at) if per else 1) for at in (x, y)]
        return each[0] / each[1]

    def unchanged(turn, x, y):
        probes = (turn[x][1], turn[y][1])
        return max(probes) <= change_max * min(probes)

    points = sorted({x for turn in turns for x in turn})
    steps = []
    for x, y in zip(points, points[1:]):
        both = [turn for turn in turns if x in turn and y in turn]
        kept = [turn for turn in both if unchanged(turn, x, y)] or both
        if kept:
            steps.append(quantile([fall(turn, x, y) for turn in kept], 0.5))
    return max(steps, default=None)
