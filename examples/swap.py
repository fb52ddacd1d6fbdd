"""Swap the picture behind an image id: python swap.py IMAGE PHOTO."""

import os
import sys

import requests

BASE = os.environ.get("SALLA_API", "http://127.0.0.1:8000/admin/v2")  # all that changes
image, photo = sys.argv[1:]
with open(photo, "rb") as file:
    answer = requests.post(
        f"{BASE}/products/images/{image}",
        headers={"Authorization": f"Bearer {os.environ['TOKEN']}"},
        files={"photo": file},
        data={"alt": "كوب قهوة", "default": 1},
        timeout=30,
    )
answer.raise_for_status()
print(answer.json()["data"]["image"]["thumbnail"]["url"])
