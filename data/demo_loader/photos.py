"""A few drawn pictures in place of photos, plainly labelled as simulated."""

from __future__ import annotations

import io
import random
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw, ImageFont

SIZE = (960, 720)
LABEL = "模拟 SIMULATED"
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
)


def draw_photo(seed: int) -> SimpleUploadedFile:
    """A street scene in flat colours with a band that says it is simulated; a JPEG upload."""
    rng = random.Random(seed)  # noqa: S311 - a picture, not a secret
    picture = Image.new("RGB", SIZE, (203, 221, 233))
    pen = ImageDraw.Draw(picture)
    width, height = SIZE
    ground = int(height * 0.66)
    left = -40
    while left < width:
        wide, tall = rng.randint(110, 230), rng.randint(180, 420)
        shade = rng.randint(150, 205)
        pen.rectangle(
            (left, ground - tall, left + wide, ground), fill=(shade, shade - 8, shade - 16)
        )
        for x in range(left + 16, left + wide - 24, 38):
            for y in range(ground - tall + 20, ground - 30, 46):
                pen.rectangle((x, y, x + 20, y + 26), fill=(120, 140, 160))
        left += wide + rng.randint(6, 60)
    pen.rectangle((0, ground, width, height), fill=(118, 120, 122))
    for _thing in range(rng.randint(6, 14)):
        x, y = rng.randint(40, width - 120), rng.randint(ground + 10, height - 150)
        size = rng.randint(18, 70)
        colour = tuple(rng.randint(60, 210) for _channel in range(3))
        pen.polygon([(x, y + size), (x + size // 2, y), (x + size, y + size)], fill=colour)
    pen.rectangle((0, height - 70, width, height), fill=(255, 214, 0))
    pen.text((24, height - 58), _label(), fill=(30, 30, 30), font=_font())
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82)
    return SimpleUploadedFile(f"simulated-{seed}.jpg", out.getvalue(), "image/jpeg")


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    found = next((path for path in FONTS if Path(path).exists()), None)
    return ImageFont.truetype(found, 40) if found else ImageFont.load_default(40)


def _label() -> str:
    """Without a Chinese font its characters would be boxes; then the English word stands alone."""
    return LABEL if any(Path(path).exists() for path in FONTS) else LABEL.split(" ", 1)[1]
