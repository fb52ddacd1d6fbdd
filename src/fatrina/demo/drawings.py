"""Drawings of products in SVG, each coloured by one hue."""

from colorsys import hls_to_rgb
from typing import Final, NamedTuple


class Drawing(NamedTuple):
    """A product on a square of 1000 by 1000."""

    shapes: str
    """SVG with placeholders `{light}`, `{main}` and `{dark}` for the shades of the hue."""
    floor: int
    """Vertical position of the product's base."""
    width: int
    """Width of its shadow."""


_DALLAH: Final = """
<path d="M640 400 C 800 380 840 620 660 700" fill="none" stroke="{dark}" stroke-width="34"
 stroke-linecap="round"/>
<path d="M440 425 C 300 410 270 330 175 318 C 245 350 270 490 400 560 Z" fill="url(#body)"/>
<path d="M430 330 H590 C 600 430 610 450 660 560 C 720 690 690 830 600 850 H420
 C 330 830 300 690 360 560 C 410 450 420 430 430 330 Z" fill="url(#body)"/>
<path d="M420 335 C 440 230 580 230 600 335 Z" fill="{main}"/>
<path d="M498 250 C 480 200 500 170 510 120 C 520 170 540 200 522 250 Z" fill="{dark}"/>
<path d="M352 585 Q 510 640 668 585" fill="none" stroke="{light}" stroke-width="12"/>
<path d="M332 640 Q 510 700 688 640" fill="none" stroke="{light}" stroke-width="6"/>
<path d="M428 345 H592" stroke="{light}" stroke-width="12"/>
<path d="M430 470 C 390 570 370 660 385 770" fill="none" stroke="#fff" stroke-opacity=".55"
 stroke-width="22" stroke-linecap="round"/>
"""

_VASE: Final = """
<g stroke="#4d7a45" stroke-width="11" fill="none" stroke-linecap="round">
<path d="M500 430 C 490 330 470 250 420 170"/><path d="M505 430 C 520 330 560 260 610 210"/>
<path d="M500 430 C 505 330 505 230 515 130"/></g>
<g fill="#5f9455"><path d="M478 330 C 420 330 400 290 392 262 C 450 265 475 290 478 330 Z"/>
<path d="M538 320 C 590 330 622 300 636 272 C 580 268 548 285 538 320 Z"/></g>
<g fill="#f4d35e"><circle cx="418" cy="160" r="44"/><circle cx="614" cy="200" r="40"/>
<circle cx="516" cy="112" r="50"/></g>
<g fill="#c98a1b"><circle cx="418" cy="160" r="17"/><circle cx="614" cy="200" r="15"/>
<circle cx="516" cy="112" r="19"/></g>
<path d="M440 415 H565 C 570 500 700 560 700 690 C 700 800 620 860 600 860 H405
 C 385 860 305 800 305 690 C 305 560 435 500 440 415 Z" fill="url(#body)"/>
<ellipse cx="502" cy="415" rx="63" ry="15" fill="{dark}"/>
<path d="M313 640 C 400 600 420 680 502 640 S 610 600 694 640" fill="none" stroke="{light}"
 stroke-width="14"/>
<path d="M308 700 C 400 660 420 740 502 700 S 610 660 699 700" fill="none" stroke="{light}"
 stroke-width="14"/>
<path d="M400 560 C 355 610 345 700 375 780" fill="none" stroke="#fff" stroke-opacity=".5"
 stroke-width="24" stroke-linecap="round"/>
"""

_LANTERN: Final = """
<circle cx="500" cy="560" r="380" fill="url(#glow)"/>
<circle cx="500" cy="165" r="42" fill="none" stroke="{dark}" stroke-width="15"/>
<path d="M500 205 C 520 280 590 300 640 370 H360 C 410 300 480 280 500 205 Z" fill="{dark}"/>
<path d="M360 375 H640 L 690 560 L 620 780 H380 L 310 560 Z" fill="url(#body)"/>
<g fill="#fff2c4" fill-opacity=".93"><path d="M385 400 H455 L 450 755 H400 L 345 560 Z"/>
<path d="M545 400 H615 L 655 560 L 600 755 H550 Z"/><path d="M475 400 H525 L 530 755 H470 Z"/></g>
<g fill="none" stroke="{dark}" stroke-width="9"><path d="M310 560 H690"/>
<path d="M500 470 L 550 560 L 500 650 L 450 560 Z" fill="{main}"/></g>
<path d="M350 780 H650 L 680 850 H320 Z" fill="{dark}"/>
"""

_SHIRT: Final = """
<path d="M390 190 L 250 250 L 120 480 L 235 545 L 300 450 V 850 H700 V450 L 765 545 L 880 480
 L 750 250 L 610 190 C 580 260 420 260 390 190 Z" fill="url(#body)"/>
<path d="M390 190 C 420 260 580 260 610 190 L 585 178 C 560 225 440 225 415 178 Z" fill="{dark}"/>
<g stroke="{dark}" stroke-opacity=".35" stroke-width="7" fill="none"><path d="M300 450 L 312 350"/>
<path d="M700 450 L 688 350"/><path d="M300 820 H700"/></g>
<path d="M500 390 L 534 465 L 616 472 L 554 526 L 573 606 L 500 563 L 427 606 L 446 526 L 384 472
 L 466 465 Z" fill="{light}"/>
"""

_CUP: Final = """
<g fill="none" stroke="#fff" stroke-opacity=".6" stroke-width="16" stroke-linecap="round">
<path d="M430 330 C 390 270 470 230 430 160"/><path d="M520 330 C 480 260 560 220 520 140"/></g>
<path d="M655 480 C 800 450 800 680 620 690" fill="none" stroke="{main}" stroke-width="42"/>
<path d="M290 410 H660 C 660 640 640 760 570 800 H380 C 310 760 290 640 290 410 Z"
 fill="url(#body)"/>
<ellipse cx="475" cy="410" rx="185" ry="42" fill="{light}"/>
<ellipse cx="475" cy="414" rx="160" ry="32" fill="#3b2314"/>
<path d="M340 500 C 340 620 355 700 385 745" fill="none" stroke="#fff" stroke-opacity=".5"
 stroke-width="22" stroke-linecap="round"/>
<ellipse cx="475" cy="826" rx="300" ry="34" fill="{dark}"/>
<ellipse cx="475" cy="816" rx="300" ry="30" fill="{light}"/>
<path d="M370 800 Q 475 838 580 800 Z" fill="{dark}" fill-opacity=".5"/>
"""

DRAWINGS: Final = {
    "dallah": Drawing(_DALLAH, 850, 250),
    "vase": Drawing(_VASE, 860, 240),
    "lantern": Drawing(_LANTERN, 850, 230),
    "shirt": Drawing(_SHIRT, 880, 320),
    "cup": Drawing(_CUP, 850, 330),
}

_FRAME: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} 1000" width="{width}"
 height="{height}"><defs>
<linearGradient id="wall" x2="0" y2="1"><stop stop-color="{pale}"/>
<stop offset="1" stop-color="{wall}"/></linearGradient>
<linearGradient id="floor" x2="0" y2="1"><stop stop-color="{board}"/>
<stop offset="1" stop-color="{edge}"/></linearGradient>
<linearGradient id="body"><stop stop-color="{main}"/><stop offset=".28" stop-color="{light}"/>
<stop offset=".6" stop-color="{main}"/><stop offset="1" stop-color="{dark}"/></linearGradient>
<radialGradient id="glow"><stop stop-color="#ffe9a8" stop-opacity=".9"/>
<stop offset="1" stop-color="#ffe9a8" stop-opacity="0"/></radialGradient>
<filter id="soft" x="-50%" y="-200%" width="200%" height="500%">
<feGaussianBlur stdDeviation="16"/></filter></defs>
{room}<g transform="translate({left} 0)">{shadow}{shapes}</g></svg>"""

_ROOM: Final = """\
<rect width="100%" height="100%" fill="url(#wall)"/>
<rect y="{floor}" width="100%" height="400" fill="url(#floor)"/>"""
_SHADOW: Final = """\
<ellipse cx="520" cy="{floor}" rx="{width}" ry="26" fill="#1b1410" fill-opacity=".45"
 filter="url(#soft)"/>"""


def drawing(name: str, hue: float, width: int, height: int, *, room: bool = True) -> str:
    """Return the SVG of a product with a hue (0 to 1), in a room or without a background."""
    product = DRAWINGS[name]
    shades = {
        "light": _shade(hue, 0.80, 0.65),
        "main": _shade(hue, 0.50, 0.60),
        "dark": _shade(hue, 0.27, 0.60),
        "pale": _shade(hue + 0.5, 0.93, 0.35),
        "wall": _shade(hue + 0.5, 0.80, 0.30),
        "board": _shade(0.08, 0.62, 0.35),
        "edge": _shade(0.07, 0.42, 0.40),
    }
    across = 1000 * width // height
    return _FRAME.format(
        **shades,
        across=across,
        width=width,
        height=height,
        left=(across - 1000) // 2,
        room=_ROOM.format(floor=product.floor - 60) if room else "",
        shadow=_SHADOW.format(floor=product.floor, width=product.width) if room else "",
        shapes=product.shapes.format(**shades),
    )


def _shade(hue: float, light: float, colour: float) -> str:
    red, green, blue = (round(255 * part) for part in hls_to_rgb(hue % 1, light, colour))
    return f"#{red:02x}{green:02x}{blue:02x}"
