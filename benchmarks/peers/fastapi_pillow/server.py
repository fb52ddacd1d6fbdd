"""A product-image service as most people would write it: FastAPI, Pillow, SQLite.

It does Fatrina's work: a bearer token, a photo of at most 20 MB, orientation and colours put
right, three sizes, no metadata kept, files and row durable before the answer. Encoder settings
are Fatrina's, not Pillow's slower defaults. `PEER_KEEP` stores the original unchanged instead,
which is less than Fatrina does.
"""

import io
import os
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, UploadFile
from PIL import Image, ImageCms, ImageOps

DATA = Path(os.environ["PEER_DATA"])
KEEP = bool(os.environ.get("PEER_KEEP"))
MEDIA = DATA / "media"
SIZES = (1000, 500, 120)
MOST = 20_000_000
SAVE = {
    "JPEG": {"quality": 82},
    "PNG": {"compress_level": 3},
    "WEBP": {"quality": 80, "method": 1},
    "AVIF": {"quality": 60, "speed": 9},
    "GIF": {},
}
SRGB = ImageCms.createProfile("sRGB")
Image.MAX_IMAGE_PIXELS = 100_000_000

app = FastAPI()


def database() -> sqlite3.Connection:
    connection = sqlite3.connect(DATA / "peer.sqlite3", timeout=10)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def prepare() -> None:
    MEDIA.mkdir(parents=True, exist_ok=True)
    with closing(database()) as db, db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE IF NOT EXISTS tokens (hash TEXT PRIMARY KEY)")
        db.execute(
            "CREATE TABLE IF NOT EXISTS images"
            " (id INTEGER PRIMARY KEY, name TEXT, kind TEXT, width INT, height INT, alt TEXT)"
        )
        hashed = sha256(os.environ["PEER_TOKEN"].encode()).hexdigest()
        db.execute("INSERT OR IGNORE INTO tokens VALUES (?)", (hashed,))
        for number in range(1, 101):
            db.execute("INSERT OR IGNORE INTO images (id) VALUES (?)", (number,))


prepare()


def durable(path: Path, data: bytes) -> None:
    part = path.with_suffix(path.suffix + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def upright(photo: Image.Image) -> Image.Image:
    image = ImageOps.exif_transpose(photo)
    if profile := photo.info.get("icc_profile"):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        image = ImageCms.profileToProfile(image, source, SRGB) or image
    if image.mode not in {"RGB", "RGBA", "L"}:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    image.info.clear()
    return image


def encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **{**SAVE[kind], **options})
    return out.getvalue()


@app.post("/images/{image_id}", status_code=201)
def update(
    image_id: int,
    photo: UploadFile,
    authorization: Annotated[str, Header()],
    alt: str | None = None,
) -> dict[str, object]:
    data = photo.file.read(MOST + 1)
    if len(data) > MOST:
        raise HTTPException(413)
    hashed = sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    with closing(database()) as db:
        if not db.execute("SELECT 1 FROM tokens WHERE hash = ?", (hashed,)).fetchone():
            raise HTTPException(401)
        if not db.execute("SELECT 1 FROM images WHERE id = ?", (image_id,)).fetchone():
            raise HTTPException(404)
    try:
        opened = Image.open(io.BytesIO(data))
        kind = opened.format
        if kind == "MPO":
            kind = "JPEG"
        if kind not in SAVE:
            raise HTTPException(422)
        image = upright(opened)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise HTTPException(422) from None
    name = token_urlsafe(24)
    best = {"quality": 95} if kind == "JPEG" else {}
    files = {"original": data if KEEP else encoded(image, kind, **best)}
    for size in SIZES:
        small = image.copy()
        small.thumbnail((size, size), Image.Resampling.LANCZOS)
        files[str(size)] = encoded(small, kind)
    for role, content in files.items():
        durable(MEDIA / f"{name}-{role}.{kind.lower()}", content)
    folder = os.open(MEDIA, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    with closing(database()) as db, db:
        db.execute(
            "UPDATE images SET name=?, kind=?, width=?, height=?, alt=coalesce(?, alt) WHERE id=?",
            (name, kind, image.width, image.height, alt, image_id),
        )
    return {"id": image_id, "urls": [f"/media/{name}-{role}.{kind.lower()}" for role in files]}
