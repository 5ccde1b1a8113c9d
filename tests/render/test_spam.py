"""What a spam filter says of our mail: SpamAssassin by its own rules, without asking anybody on the net."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from tempfile import TemporaryDirectory

import pytest

from pipeline.render.message import rendered
from tests.public.site import up
from tests.render.specimens import DESIGNS, specimens
from tests.world import World

UNTRAVELLED = {"NO_RECEIVED", "NO_RELAYS"}
"""What it says of any mail that came from a file."""

needs_the_filter = pytest.mark.skipif(not shutil.which("spamassassin"), reason="SpamAssassin is not here")


def points(mail: bytes) -> dict[str, float]:
    """The rules that a mail met, with the points that each costs."""
    with TemporaryDirectory() as home:  # it learns from what it sees
        said = subprocess.run(
            ["spamassassin", "-L", "-t"],
            input=mail,
            capture_output=True,
            check=True,
            timeout=120,
            env={**os.environ, "HOME": home},
        )
    found = re.findall(r"^ *(-?\d+(?:\.\d)?) ([A-Z][A-Z0-9_]+) ", said.stdout.decode(errors="replace"), re.MULTILINE)
    assert found, said.stdout
    return {rule: float(cost) for cost, rule in found if rule not in UNTRAVELLED}


def costly(mail: bytes) -> dict[str, float]:
    return {rule: cost for rule, cost in points(mail).items() if cost > 0}


@needs_the_filter
@pytest.mark.parametrize(("design", "language"), [*((design, "en") for design in DESIGNS), ("digest", "ar")])
def test_an_issue_costs_no_points_with_a_spam_filter(design: str, language: str) -> None:
    assert costly(rendered(*specimens(design, language)["everything"]).files["sample.eml"]) == {}


@needs_the_filter
def test_the_mail_with_the_button_costs_no_points_either(world: World) -> None:
    with up(world) as site:
        site.client.post("/subscribe", data={"email": "ann@example.org", "consent": "yes"})
        site.later()
    (mail,) = (world.folder / "outbox/mail/0").rglob("*.eml")
    assert costly(mail.read_bytes()) == {}


@needs_the_filter
def test_the_filter_is_awake() -> None:
    """What it knows as spam it still says of a mail like ours."""
    mail = rendered(*specimens("letter")["one short post"]).files["sample.eml"]
    junk = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    assert points(mail.replace(b"\r\n\r\n", b"\r\n\r\n" + junk + b"\r\n", 2))["GTUBE"] >= 1000


@pytest.mark.parametrize("design", DESIGNS)
def test_the_hidden_words_for_the_inbox_are_not_white(design: str) -> None:
    html = rendered(*specimens(design)["everything"]).message.html
    hidden = re.search(r'<body[^>]*><div[^>]*style="(display:none;[^"]*)"', html)
    assert hidden is not None
    assert "color" not in hidden[1]
