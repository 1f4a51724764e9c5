"""The tables: for the terminal and, in Markdown, for the documentation."""

from .figures import summarise


def number(value):
    if value is None:
        return "-"
    size = abs(value)
    if size >= 100 or size == 0:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.01 else f"{value:.2g}"


def spread(summary):
    """A median with its quartiles."""
    if summary is None:
        return "-"
    if summary.count < 2:
        return number(summary.median)
    return f"{number(summary.median)} ({number(summary.low)}-{number(summary.high)})"


def target_cells(outcome):
    against = [f"{name} {spread(outcome.ratio(name))}" for name in outcome.peers
               if outcome.ratio(name)]
    against += [f"{t.figure.replace('_ns', '')} {spread(outcome.ratio(t.against, t.figure))}"
                for t in outcome.targets if t.figure]
    return [outcome.name, outcome.unit, spread(summarise(outcome.ours)),
            spread(summarise(outcome.limit)), spread(outcome.ratio()), ", ".join(against) or "-",
            outcome.target(), verdict(outcome), str(len(outcome.ours) or "-")]


def verdict(outcome):
    if outcome.met():
        return "met"
    return "too few rounds" if outcome.holds() else "MISSED"


TARGET_HEAD = ["row", "unit", "ours", "limit", "ours / limit", "ours / peer", "target", "verdict",
               "rounds"]
PEER_HEAD = ["row", "who", "unit", "median (quartiles)", "ours / theirs"]


def peer_lines(outcome):
    """Everyone of a row, the fastest first."""
    them = [(f"ours: {outcome.ours_name}", outcome.ours, None)]
    them.append((f"limit: {outcome.limit_name}", outcome.limit, outcome.ratio()))
    them += [(name, values, outcome.ratio(name)) for name, values in outcome.peers.items()]
    them = [(who, summarise(values), ratio) for who, values, ratio in them]
    them = [(who, summary, ratio) for who, summary, ratio in them if summary]
    them.sort(key=lambda entry: entry[1].median, reverse=not outcome.smaller_is_better)
    return [[outcome.name, who, outcome.unit, spread(summary), spread(ratio) if ratio else ""]
            for who, summary, ratio in them]


def ordered(outcomes):
    """Missed rows first."""
    targets = [outcome for outcome in outcomes if outcome.table == "targets"]
    return sorted(targets, key=lambda outcome: outcome.met())


def plain(head, lines):
    widths = [max(len(line[n]) for line in [head, *lines]) for n in range(len(head))]
    rendered = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                for line in [head, *lines]]
    return "\n".join([rendered[0], "-" * len(rendered[0]), *rendered[1:]])


def markdown(head, lines):
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |"
                     for row in rows)


def both_tables(outcomes, render):
    """Both tables as text; `render` is `plain` or `markdown`."""
    targets = render(TARGET_HEAD, [target_cells(outcome) for outcome in ordered(outcomes)])
    peers = [line for outcome in outcomes if outcome.table == "peers"
             for line in peer_lines(outcome)]
    return targets, render(PEER_HEAD, peers)
