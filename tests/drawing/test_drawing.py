"""A stranger's picture is drawn anew, in a process of its own, or refused in words."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageCms

from pipeline import drawing
from pipeline.errors import FetchFault

BOXES = [(600, 6000), (1200, 12000)]
HERE = "https://blog.example.org/a.jpg"


def stripes(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("blue", (width // 2, 0, width, height))
    return picture.convert(mode)


def saved(picture: Image.Image, kind: str, **how: Any) -> bytes:
    raw = io.BytesIO()
    picture.save(raw, kind, **how)
    return raw.getvalue()


def film(frames: int, width: int = 300, height: int = 200) -> bytes:
    pictures = [Image.effect_noise((width, height), 10 + at).convert("P") for at in range(frames)]
    return saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=80, loop=0, comment=b"at home")


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as that."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def opened(one: drawing.Drawing) -> Image.Image:
    return Image.open(io.BytesIO(one.content))


def draw(body: bytes, **how: Any) -> drawing.Drawn:
    return drawing.drawn(body, BOXES, where=HERE, **how)


@pytest.mark.parametrize(
    ("came", "kept"),
    [("JPEG", "jpeg"), ("PNG", "png"), ("GIF", "png"), ("WEBP", "jpeg"), ("AVIF", "jpeg"), ("BMP", "jpeg")],
)
def test_every_format_becomes_one_that_every_mail_client_shows(came: str, kept: str) -> None:
    made = draw(saved(stripes(1600, 800), came))
    assert (made.kind, made.width, made.height, made.moving) == (came.lower(), 1600, 800, False)
    assert [(one.kind, one.width, one.height) for one in made.drawings] == [(kept, 600, 300), (kept, 1200, 600)]
    for one in made.drawings:
        assert opened(one).format == kept.upper()
        assert opened(one).size == (one.width, one.height)


@pytest.mark.parametrize("came", ["PNG", "WEBP"])
def test_what_is_transparent_stays_so(came: str) -> None:
    made = draw(saved(Image.new("RGBA", (100, 50), (255, 0, 0, 0)), came))
    assert [one.kind for one in made.drawings] == ["png"]
    assert opened(made.drawings[0]).convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_a_small_picture_is_never_made_larger_and_one_of_nearly_the_width_is_drawn_once() -> None:
    assert [one.width for one in draw(saved(stripes(300, 200), "JPEG")).drawings] == [300]
    assert [one.width for one in draw(saved(stripes(640, 200), "JPEG")).drawings] == [640]
    assert [one.width for one in draw(saved(stripes(800, 200), "JPEG")).drawings] == [600, 800]


def test_a_picture_stands_upright_and_tells_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter
    exif[0x010F] = "Lisa's camera"
    made = draw(saved(stripes(800, 400), "JPEG", exif=exif, comment=b"at home"))
    assert (made.width, made.height) == (400, 800)
    shown = opened(made.drawings[-1])
    assert shown.size == (400, 800)
    red, _, blue = shown.convert("RGB").getpixel((200, 50))  # type: ignore[misc]
    assert red > 200 > blue, "what was on the left is at the top"
    assert not shown.getexif()
    assert b"Lisa" not in made.drawings[-1].content
    assert b"at home" not in made.drawings[-1].content


def test_a_picture_with_a_colour_profile_is_drawn_in_the_colours_of_every_screen() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = draw(saved(stripes(200, 100), "JPEG", icc_profile=profile))
    assert "icc_profile" not in opened(made.drawings[0]).info
    broken = draw(saved(stripes(200, 100), "JPEG", icc_profile=b"no profile"))
    assert broken.drawings[0].width == 200


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_printers_colours_and_greys_are_read(mode: str) -> None:
    assert opened(draw(saved(stripes(200, 100, mode), "JPEG")).drawings[0]).mode == "RGB"


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    picture = Image.new("I;16", (200, 100), 40_000) if mode == "I;16" else stripes(200, 100, mode)
    made = draw(saved(picture, "PNG"))
    assert (made.drawings[0].kind, made.drawings[0].width) == ("png", 200)


def test_a_small_moving_picture_moves_on_and_a_heavy_one_becomes_a_still() -> None:
    made = draw(film(4, 900, 300), moving=1 << 20)
    assert made.moving
    assert [(one.kind, one.width) for one in made.drawings] == [("gif", 600)]
    assert opened(made.drawings[0]).n_frames == 4  # type: ignore[attr-defined]
    assert opened(made.drawings[0]).info["duration"] == 80
    assert b"at home" not in made.drawings[0].content
    heavy = draw(film(4, 900, 300), moving=10_000)
    assert heavy.moving
    assert [(one.kind, one.width) for one in heavy.drawings] == [("png", 600), ("png", 900)]


def test_a_moving_picture_of_another_format_becomes_a_still() -> None:
    frames = [Image.new("RGB", (100, 60), colour) for colour in ("red", "green", "blue")]
    made = draw(saved(frames[0], "WEBP", save_all=True, append_images=frames[1:]), moving=1 << 20)
    assert made.moving
    assert [one.kind for one in made.drawings] == ["jpeg"]


def test_the_same_picture_makes_the_same_bytes() -> None:
    body = saved(stripes(1600, 800), "WEBP")
    assert draw(body) == draw(body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><img src='a.jpg'></html>", "no picture that can be read"),
        (b"", "no picture that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no picture that can be read"),
        (saved(stripes(900, 600), "JPEG")[:900], "no picture that can be read"),
        (saved(stripes(900, 600), "PNG")[:200], "no picture that can be read"),
        (bomb(40_000, 40_000), "more than any reader could see"),
        (bomb(6_000, 6_000), "no picture that can be read"),
        (b"x" * (drawing.BYTES + 1), "larger than 10 MB"),
        (b"GIF89a" + b"\xff" * 4000, "no picture that can be read"),
        (saved(stripes(90, 60), "WEBP")[:60], "no picture that can be read"),
        (saved(stripes(90, 60), "AVIF")[:200], "no picture that can be read"),
    ],
    ids=["a page", "nothing", "a drawing", "half a JPEG", "half a PNG", "a bomb", "an empty one", "too heavy", "noise",
         "half a WebP", "half an AVIF"],
)  # fmt: skip
def test_what_can_not_be_drawn_is_refused_in_words_with_its_address(body: bytes, said: str) -> None:
    with pytest.raises(FetchFault, match=said) as refused:
        draw(body)
    assert refused.value.where == HERE


def test_a_film_of_many_large_frames_costs_no_more_than_its_first() -> None:
    frames = [Image.new("P", (3000, 2000), at) for at in range(12)]
    made = draw(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]), moving=10 << 20)
    assert made.moving
    assert made.drawings[-1].kind == "png"
