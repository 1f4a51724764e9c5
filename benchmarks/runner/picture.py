"""Pictures as SVG: bars and curves on logarithmic axes, no library needed."""

import math
from html import escape

WIDTH = 760
STYLE = ("<style>text{font:12px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}"
         ".ours{fill:#c2410c}.limit{fill:#475569}.peer{fill:#94a3b8}.grid{stroke:#e2e8f0}"
         ".line{fill:none;stroke:#c2410c;stroke-width:2}.band{fill:#c2410c;opacity:.15}</style>")


def decades(low, high):
    """Powers of ten around the range, and the function that maps a value into [0, 1]."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    last = max(last, first + 1)
    marks = [10.0**n for n in range(first, last + 1)]
    return marks, lambda value: (math.log10(value) - first) / (last - first)


def short(value):
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{letter}"
    return f"{value:g}"


def frame(height, title, body):
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}"><rect width="100%" height="100%" fill="white"/>')
    return "\n".join([head, STYLE, f'<text class="title" x="10" y="22">{escape(title)}</text>',
                      *body, "</svg>", ""])


def bars(title, entries):
    """Horizontal bars; entries are (label, value), labels may begin with `ours: `, `limit: `."""
    entries = [(label, value) for label, value in entries if value]
    height, left, right = 50 + 22 * len(entries) + 24, 200, 80
    if not entries:
        return frame(60, title, [])
    marks, place = decades(min(v for _, v in entries), max(v for _, v in entries))
    width = WIDTH - left - right
    body = []
    for mark in marks:
        x = left + place(mark) * width
        body.append(f'<line class="grid" x1="{x:.1f}" y1="36" x2="{x:.1f}" y2="{height - 24}"/>')
        body.append(f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle">{short(mark)}</text>')
    for row, (label, value) in enumerate(entries):
        y = 40 + 22 * row
        kind = label.split(":")[0] if ": " in label else "peer"
        length = max(2.0, place(value) * width)
        body.append(f'<text x="{left - 6}" y="{y + 12}" text-anchor="end">{escape(label)}</text>')
        body.append(f'<rect class="{kind}" x="{left}" y="{y}" width="{length:.1f}" height="16"/>')
        body.append(f'<text x="{left + length + 5:.1f}" y="{y + 12}">{value:.3g}</text>')
    return frame(height, title, body)


def curve(title, x_name, y_name, points):
    """A line through the medians with a band between the quartiles; points are (x, low, median,
    high)."""
    height, left, right, top, bottom = 340, 70, 30, 50, 50
    points = [point for point in sorted(points) if point[0] > 0 and point[1] > 0]
    if len(points) < 2:
        return frame(60, title, [])
    x_marks, x_place = decades(points[0][0], points[-1][0])
    y_marks, y_place = decades(min(p[1] for p in points), max(p[3] for p in points))
    across = lambda x: left + x_place(x) * (WIDTH - left - right)
    down = lambda y: height - bottom - y_place(y) * (height - top - bottom)
    body = []
    for mark in x_marks:
        body.append(f'<line class="grid" x1="{across(mark):.1f}" y1="{top}" '
                    f'x2="{across(mark):.1f}" y2="{height - bottom}"/>')
        body.append(f'<text x="{across(mark):.1f}" y="{height - bottom + 16}" '
                    f'text-anchor="middle">{short(mark)}</text>')
    for mark in y_marks:
        body.append(f'<line class="grid" x1="{left}" y1="{down(mark):.1f}" x2="{WIDTH - right}" '
                    f'y2="{down(mark):.1f}"/>')
        body.append(f'<text x="{left - 6}" y="{down(mark) + 4:.1f}" '
                    f'text-anchor="end">{short(mark)}</text>')
    line = lambda which: [f"{across(p[0]):.1f},{down(p[which]):.1f}" for p in points]
    body.append(f'<polygon class="band" points="{" ".join(line(3) + line(1)[::-1])}"/>')
    body.append(f'<polyline class="line" points="{" ".join(line(2))}"/>')
    body.append(f'<text x="{WIDTH / 2}" y="{height - 10}" text-anchor="middle">'
                f'{escape(x_name)}</text>')
    body.append(f'<text x="10" y="40">{escape(y_name)}</text>')
    return frame(height, title, body)
