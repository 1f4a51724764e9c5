"""What a run leaves behind: JSON, CSV, pictures, the tables of the documentation."""

import csv
import json
from pathlib import Path

from . import picture, table

BEGIN = "<!-- bench: begin; written by ./dev bench mailbox --docs -->"
END = "<!-- bench: end -->"


def write_json(path, outcomes):
    Path(path).write_text(json.dumps([outcome.as_json() for outcome in outcomes], indent=1) + "\n",
                          encoding="utf-8")


def write_csv(path, outcomes, curves):
    """Every figure of every round."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["row", "who", "round", "unit", "value"])
        for o in outcomes:
            everyone = [("ours", o.ours), ("limit", o.limit), *o.peers.items()]
            for who, values in everyone:
                for number, value in enumerate(values):
                    if value is not None:
                        out.writerow([o.name, who, number, o.unit, f"{value:.6g}"])
        for curve, points in curves:
            for x, summary in points:
                out.writerow([curve.name, x, 0, "msg/s", f"{summary.median:.6g}"])


def write_pictures(folder, outcomes, curves):
    """@returns the names of the files."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for outcome in outcomes:
        if outcome.table != "peers":
            continue
        bars = [(line[1], float_of(outcome, line[1])) for line in table.peer_lines(outcome)]
        names.append(f"{slug(outcome.name)}.svg")
        title = f"{outcome.name} ({outcome.unit})"
        (folder / names[-1]).write_text(picture.bars(title, bars), encoding="utf-8")
    for curve, points in curves:
        if not points:
            continue
        names.append(f"{slug(curve.name)}.svg")
        series = [(x, s.low, s.median, s.high) for x, s in points]
        (folder / names[-1]).write_text(
            picture.curve(curve.name, curve.axis, "messages a second", series), encoding="utf-8")
    return names


def float_of(outcome, label):
    who = label.split(": ", 1)[-1]
    if label.startswith("ours: "):
        return outcome.median(outcome.ours)
    if label.startswith("limit: "):
        return outcome.median(outcome.limit)
    return outcome.median(outcome.peers[who])


def slug(name):
    words = "".join(char.lower() if char.isalnum() else " " for char in name).split()
    return "-".join(words)


def section(outcomes, facts, notes, pictures, profiles=None):
    """The generated part of docs/performance.md: missed rows and where their time goes first."""
    targets, peers = table.both_tables(outcomes, table.markdown)
    machine = ", ".join(f"{key}: {value}" for key, value in facts.items())
    lines = [f"Measured with `./dev bench mailbox` ({machine}).", "", targets, ""]
    for name, text in (profiles or {}).items():
        lines += [f"Where the time of the missed row *{name}* goes (perf, all its processes):", "",
                  *[f"    {line}" for line in text], ""]
    lines += ["### Beside everyone", "", peers, ""]
    lines += [f"- {note}" for note in notes]
    lines += [""] + [f"![{name[:-4]}](pictures/{name})" for name in pictures]
    return "\n".join(lines)


def replace_section(page, text):
    """The page with what stands between the marks replaced."""
    begin, end = page.index(BEGIN), page.index(END)
    return page[: begin + len(BEGIN)] + "\n" + text + "\n" + page[end:]


def write_page(path, text):
    path = Path(path)
    page = path.read_text(encoding="utf-8")
    path.write_text(replace_section(page, text), encoding="utf-8")
