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
    best: float  # the largest: of throughputs, what others' load took least from


def summarise(values):
    """None where there are no values."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return Summary(quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75),
                   len(values), max(values))


def ratios(ours, theirs):
    """Ours to theirs, round by round: only what ran side by side is compared."""
    return [a / b for a, b in zip(ours, theirs) if a is not None and b]


def worst_step(points, per=None):
    """The largest factor by which throughput falls between neighbouring points (x, value).

    `per` divides each value, e.g. by the number of participants. None for fewer than two points.
    """
    values = [value / (per(x) if per else 1) for x, value in sorted(points) if value]
    if len(values) < 2:
        return None
    return max(before / after for before, after in zip(values, values[1:]))
