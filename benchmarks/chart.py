"""Chart for the README: updates per second and p95 of Fatrina, its peers and the limit K.

Colours come from a style sheet in the file, so that it is readable on light and dark pages.
"""

from typing import Any
from xml.sax.saxutils import escape

from benchmarks.servers import Fatrina, Pillow, Sharp
from benchmarks.suites.update import MIX, K

_SUBJECTS = (K, Fatrina.name, Pillow.name, Sharp.name)
_LABEL = {
    K: "K: libvips alone",
    "cam12": "12 MP camera JPEG",
    "shop2": "2 MP JPEG",
    "cut4": "4 MP PNG cut-out",
    MIX: "mix of seven kinds",
}
_PANELS = (("rate", "Updates per second (more is better)"), ("p95", "p95 in ms (less is better)"))
_BAR, _GAP, _BLOCK = 13, 3, 16
_LEFT, _WIDTH, _TEXT = 150, 250, 46
_TOP = 74
_ROUND = 100
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 } .small { font-size: 11px; fill: #59636e }
  .w0 { fill: #afb8c1 } .w1 { fill: #0a7d5a } .w2 { fill: #d29922 } .w3 { fill: #6f7fd8 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 }
    .w0 { fill: #57606a } .w1 { fill: #2ec492 } .w2 { fill: #c08a1c } .w3 { fill: #8593e6 }
  }
"""


def render(results: dict[str, Any]) -> str:
    """Return the chart as SVG, or an empty string when updates were not measured."""
    update = results["suites"].get("update")
    if not update:
        return ""
    block = len(_SUBJECTS) * (_BAR + _GAP) + _BLOCK
    height = _TOP + len(update) * block + 14
    width = _LEFT + 2 * (_WIDTH + _TEXT) + 20
    machine = results["machine"]
    about = f"{machine['cpu']}, {machine['cores']} cores, 8 connections, {machine['at'][:10]}"
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<title>Update Image, end to end: {escape(about)}</title><style>{_STYLE}</style>",
        '<text class="title" x="12" y="20">Update Image, end to end</text>',
        f'<text class="small" x="{width - 12}" y="20" text-anchor="end">{escape(about)}</text>',
        *_legend(),
    ]
    for number, (figure, title) in enumerate(_PANELS):
        left = _LEFT + number * (_WIDTH + _TEXT + 10)
        parts.append(f'<text class="small" x="{left}" y="{_TOP - 8}">{title}</text>')
        parts += _panel(update, figure, left, block)
    for number, name in enumerate(update):
        middle = _TOP + number * block + (block - _BLOCK) / 2 + 4
        text = escape(_LABEL.get(name, name))
        parts.append(f'<text x="{_LEFT - 12}" y="{middle}" text-anchor="end">{text}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _legend() -> list[str]:
    parts, left = [], _LEFT
    for number, subject in enumerate(_SUBJECTS):
        text = escape(_LABEL.get(subject, subject))
        parts.append(f'<rect class="w{number}" x="{left}" y="34" width="11" height="11" rx="2"/>')
        parts.append(f'<text class="small" x="{left + 16}" y="43.5">{text}</text>')
        left += 34 + round(6.4 * len(text))
    return parts


def _panel(update: dict[str, Any], figure: str, left: int, block: int) -> list[str]:
    parts = []
    for number, measured in enumerate(update.values()):
        values = {
            subject: measured[subject]["median"].get(figure)
            for subject in _SUBJECTS
            if subject in measured
        }
        # Each photo has its own scale: the values of different photos differ tenfold.
        largest = max(value for value in values.values() if value is not None)
        for place, subject in enumerate(_SUBJECTS):
            value = values.get(subject)
            if value is None:
                continue
            top = _TOP + number * block + place * (_BAR + _GAP)
            length = max(1.0, value / largest * _WIDTH)
            label = f"{value:.0f}" if value >= _ROUND else f"{value:.1f}"
            parts.append(
                f'<rect class="w{place}" x="{left}" y="{top}" width="{length:.1f}" '
                f'height="{_BAR}" rx="2"/>'
                f'<text class="small" x="{left + length + 5:.1f}" y="{top + 10.5}">{label}</text>'
            )
    return parts
