"""Generated photos of every format; the same arguments return the same bytes."""

import io
import struct
import zlib
from functools import cache
from typing import Any

import pillow_heif
import pyvips

from tests.containers import (
    build_extended_webp,
    exif_tiff,
    icc_segments,
    jpeg_segment,
    png_chunk,
    read_png_chunks,
    webp_chunk,
    with_chunks,
    with_segments,
)

WIDTH, HEIGHT = 96, 64


def draw_image(width: int = WIDTH, height: int = HEIGHT, *, seed: int = 1, bands: int = 3) -> Any:
    """Draw something like a product in front of a wall: gradients, edges, and camera noise.

    With 2 or 4 bands, the last one is a soft transparency around the product.
    """
    at = pyvips.Image.xyz(width, height)
    across, down = at[0] / width, at[1] / height
    round_about = ((across - 0.4) ** 2 + (down - 0.5) ** 2) ** 0.5
    product = (round_about < 0.3).ifthenelse(90, 0)
    stripes = ((across * (6 + seed % 5)).floor() % 2) * 40
    planes = [across * 150 + product, down * 150 + stripes, (1 - across) * 100 + product / 2]
    noise = pyvips.Image.gaussnoise(width, height, mean=0, sigma=6, seed=seed)
    red, green, blue = (plane + noise for plane in planes)
    image = red.bandjoin([green, blue]).cast("uchar").copy(interpretation="srgb")
    if bands < 3:
        image = image.colourspace("b-w")
    if bands in {2, 4}:
        image = image.bandjoin(((0.6 - round_about) * 500).cast("uchar"))
    return image.copy_memory()


def draw_animation(frames: int = 3, **drawn: int) -> Any:
    """Draw several images below each other, as libvips represents an animation."""
    images = [draw_image(seed=seed, **drawn) for seed in range(1, frames + 1)]
    strip = pyvips.Image.arrayjoin(images, across=1).copy()
    strip.set_type(pyvips.GValue.gint_type, "page-height", images[0].height)
    strip.set_type(pyvips.GValue.array_int_type, "delay", [80] * frames)
    return strip


def icc_profile(name: str = "p3") -> bytes:
    """Return a built-in ICC profile of libvips: p3, srgb or cmyk."""
    return bytes(pyvips.Image.profile_load(name))


# Supported formats


@cache
def jpeg(
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    seed: int = 1,
    quality: int = 85,
    progressive: bool = False,
    grey: bool = False,
    cmyk: bool = False,
    icc: bytes = b"",
    orientation: int = 1,
    restart: int = 0,
) -> bytes:
    """Draw a JPEG; one in CMYK is inverted and declares it, as Adobe's are."""
    image = draw_image(width, height, seed=seed, bands=1 if grey else 3)
    if cmyk:
        image = image.icc_transform("cmyk", input_profile="srgb")
    plain = image.jpegsave_buffer(
        Q=quality, interlace=progressive, restart_interval=restart, keep="none"
    )
    parts = [jpeg_segment(0xE1, b"Exif\0\0" + exif_tiff(orientation))] if orientation != 1 else []
    parts += icc_segments(icc) if icc else []
    return with_segments(plain, *parts)


@cache
def png(
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    seed: int = 1,
    alpha: bool = False,
    grey: bool = False,
    palette: bool = False,
    sixteen: bool = False,
    interlaced: bool = False,
    icc: bytes = b"",
    orientation: int = 1,
) -> bytes:
    """Draw a PNG."""
    image = draw_image(width, height, seed=seed, bands=(1 if grey else 3) + alpha)
    if sixteen:
        image = (image * 257).cast("ushort").copy(interpretation="grey16" if grey else "rgb16")
    plain = image.pngsave_buffer(palette=palette, interlace=interlaced, keep="none")
    parts = [png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(icc))] if icc else []
    parts += [png_chunk(b"eXIf", exif_tiff(orientation))] if orientation != 1 else []
    return with_chunks(plain, *parts)


@cache
def apng(frames: int = 3, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Draw an animated PNG; its first frame is the image that other readers show."""
    images = [png(width=width, height=height, seed=seed) for seed in range(1, frames + 1)]
    out = [images[0][:33], png_chunk(b"acTL", struct.pack(">II", frames, 0))]
    for at, image in enumerate(images):
        number = max(0, 2 * at - 1)
        place = (width, height, 0, 0)
        out.append(png_chunk(b"fcTL", struct.pack(">5I2H2B", number, *place, 8, 100, 0, 0)))
        data = b"".join(body for kind, body in read_png_chunks(image) if kind == b"IDAT")
        drawn = (
            png_chunk(b"fdAT", struct.pack(">I", number + 1) + data)
            if at
            else png_chunk(b"IDAT", data)
        )
        out.append(drawn)
    return b"".join([*out, png_chunk(b"IEND")])


@cache
def webp(
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    seed: int = 1,
    alpha: bool = False,
    lossless: bool = False,
    frames: int = 1,
    icc: bytes = b"",
    orientation: int = 1,
) -> bytes:
    """Draw a WebP, in the extended format only if it is required."""
    bands = 4 if alpha else 3
    drawn = {"width": width, "height": height, "bands": bands}
    image = draw_animation(frames, **drawn) if frames > 1 else draw_image(**drawn, seed=seed)
    plain = bytes(image.webpsave_buffer(lossless=lossless, keep="none"))
    if not icc and orientation == 1:
        return plain
    first = [webp_chunk(b"ICCP", icc)] if icc else []
    last = [webp_chunk(b"EXIF", exif_tiff(orientation))] if orientation != 1 else []
    return build_extended_webp(plain, width, height, first=first, last=last)


@cache
def gif(*, width: int = WIDTH, height: int = HEIGHT, seed: int = 1, frames: int = 1) -> bytes:
    """Draw a GIF, animated if it has several frames."""
    if frames > 1:
        return bytes(draw_animation(frames, width=width, height=height).gifsave_buffer())
    return bytes(draw_image(width, height, seed=seed).gifsave_buffer())


@cache
def avif(
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    seed: int = 1,
    alpha: bool = False,
    icc: bytes = b"",
    orientation: int = 1,
) -> bytes:
    """Draw an AVIF; its orientation is an image property, not EXIF."""
    image = draw_image(width, height, seed=seed, bands=4 if alpha else 3).copy()
    if icc:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return bytes(image.heifsave_buffer(compression="av1", effort=0, keep="icc"))


@cache
def heic(*, width: int = WIDTH, height: int = HEIGHT, seed: int = 1) -> bytes:
    """Draw a HEIC."""
    pixels = draw_image(width, height, seed=seed).write_to_memory()
    file = io.BytesIO()
    pillow_heif.from_bytes("RGB", (width, height), pixels).save(file, quality=80)
    return file.getvalue()


# Unsupported formats


@cache
def tiff_file() -> bytes:
    """Draw a TIFF."""
    return bytes(draw_image().tiffsave_buffer())


@cache
def bmp() -> bytes:
    """Draw a BMP with 24 bits per pixel."""
    red, green, blue = draw_image().flipver().bandsplit()
    body = bytes(blue.bandjoin([green, red]).write_to_memory())
    head = struct.pack("<IIIIiiHHIIiiII", 54 + len(body), 0, 54, 40, WIDTH, HEIGHT, 1, 24, *[0] * 6)
    return b"BM" + head + body


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9"/></svg>'


def unsupported_files() -> dict[str, bytes]:
    """Return images of unsupported formats, and other files."""
    return {
        "tiff": tiff_file(),
        "bmp": bmp(),
        "svg": SVG,
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
        "ico": b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" + bytes(80),
        "psd": b"8BPS\0\1" + bytes(80),
        "jxl": b"\xff\x0a" + bytes(80),
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(80),
        "html": b"<!doctype html><title>a</title>",
        "zip": b"PK\3\4" + bytes(80),
        "text": b"hello",
    }
