"""The page about providers says what their files say, and what is missing in an author's settings is told by check."""

from __future__ import annotations

import re

import pytest

from pipeline import deliver, providers
from pipeline.errors import SettingsError
from tests.world import World
from tools import providers as tool


def test_the_made_parts_of_the_page_are_current() -> None:
    page = tool.PAGE.read_text("utf-8")
    assert tool.written(page) == page, "run: python -m tools.providers"


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_has_a_section_with_its_settings_and_secrets(name: str) -> None:
    page = tool.PAGE.read_text("utf-8")
    section = re.search(rf"^## {name}\n(.+?)(?=^## )", page, re.DOTALL | re.MULTILINE)
    assert section
    assert f"<!-- made: own {name} -->" in section[1]
    assert all(secret in section[1] for secret in providers.load(name).SECRETS)
    assert len(section[1].partition("<!--")[0].split()) >= 5


REQUIRED = {
    "smtp": "", "mailgun": "domain = 'news.example.org'", "ses": "region = 'eu-central-1'",
    "listmonk": "lists = [1]\nuser = 'x'", "resend_broadcasts": "segment = 'x'",
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in providers.names() if name != "outbox"])
def test_what_is_missing_is_told_with_its_name_and_the_next_step(name: str, world: World) -> None:
    world.set(
        "[[source]]", f'[delivery]\nprovider = "{name}"\n[delivery.{name}]\n{REQUIRED.get(name, "")}\n\n[[source]]'
    )
    with world.project() as project, pytest.raises(SettingsError) as fault:
        deliver.provider(project.settings.deliver)
    if name == "smtp":
        assert "delivery.smtp.host is missing" in str(fault.value)
    else:
        assert re.search(
            rf"\[delivery\.{name}\]: PAPERROUND_\w+ is not set\. Put it into the environment or", str(fault.value)
        )


@pytest.mark.parametrize("name", [name for name in REQUIRED if REQUIRED[name]])
def test_a_key_that_a_provider_can_not_do_without_is_told_with_its_line(name: str, world: World) -> None:
    world.set("[[source]]", f'[delivery]\nprovider = "{name}"\n[delivery.{name}]\n\n[[source]]')
    with (
        world.project() as project,
        pytest.raises(SettingsError, match=rf"newsletter\.toml:\d+: .*delivery\.{name}\.\w+ is missing"),
    ):
        deliver.provider(project.settings.deliver)
