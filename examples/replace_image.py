"""Replace the photo of an image: python replace_image.py IMAGE PHOTO."""

import os
import sys

import requests

BASE = os.environ.get("SALLA_API", "http://127.0.0.1:8000/admin/v2")  # the only change
image, photo = sys.argv[1:]
with open(photo, "rb") as file:
    response = requests.post(
        f"{BASE}/products/images/{image}",
        headers={"Authorization": f"Bearer {os.environ['TOKEN']}"},
        files={"photo": file},
        data={"alt": "كوب قهوة", "default": 1},
        timeout=30,
    )
response.raise_for_status()
print(response.json()["data"]["image"]["thumbnail"]["url"])
