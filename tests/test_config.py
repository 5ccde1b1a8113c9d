from pathlib import Path

import pytest

from pipeline import config
from pipeline.errors import SettingsError

GOOD = """\
[newsletter]
title = "Kind Words"
url = "https://blog.example.org/"
from = "Lisa <letters@example.org>"

[[source]]
url = "https://blog.example.org/feed/"
"""


def project(folder: Path, text: str) -> Path:
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources/newsletter.toml").write_text(text, "utf-8")
    return folder


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        config.load(project(folder, text), {})
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def test_four_lines_are_enough_and_the_rest_has_sensible_defaults(tmp_path: Path) -> None:
    settings = config.load(project(tmp_path, GOOD), {})
    assert settings.newsletter.title == "Kind Words"
    assert settings.delivery.provider == "outbox"
    assert settings.review.approval == "required"
    assert settings.schedule.settle.total_seconds() == 1800
    assert settings.newsletter.home == "https://blog.example.org/"


def test_every_fault_is_named_at_once_with_file_and_line(tmp_path: Path) -> None:
    text = GOOD.replace("title =", "tittle =") + '[schedule]\ncadence = "weakly"\nat = "9.00"\nmax_posts = "six"\n'
    found = faults(tmp_path, text)
    assert found[0] == "sources/newsletter.toml:1: newsletter.title is missing; it is required."
    assert found[1].startswith(
        "sources/newsletter.toml:2: tittle is not a setting of [newsletter]. Did you mean title?"
    )
    assert 'sources/newsletter.toml:9: schedule.cadence can\'t be "weakly". Did you mean weekly?' in found[2]
    assert "Allowed: each, daily, weekly, monthly." in found[2]
    assert found[3].startswith("sources/newsletter.toml:10: schedule.at")
    assert found[4].startswith("sources/newsletter.toml:11: schedule.max_posts")


def test_a_misspelt_time_zone_gets_the_nearest_real_one(tmp_path: Path) -> None:
    text = GOOD.replace("[[source]]", 'timezone = "Europe/Berln"\n\n[[source]]')
    assert "did you mean Europe/Berlin?" in faults(tmp_path, text)[0]


def test_a_missing_quote_is_named_with_its_line(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD.replace('"Kind Words"', '"Kind Words'))
    assert found[0].startswith("sources/newsletter.toml:2: This is not valid TOML")


def test_the_second_source_is_told_from_the_first(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD + '\n[[source]]\nurl = "https://two.example.org/"\nlimit = 0\n')
    assert found[0].startswith("sources/newsletter.toml:11: source.limit can't be 0")


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD + '\n[[source]]\nurl = "https://blog.example.org/feed/"\n')
    assert "Two sources are called 'blog.example.org'" in found[0]
    assert found[0].startswith("sources/newsletter.toml:9:")


def test_no_source_at_all_says_what_to_write(tmp_path: Path) -> None:
    assert "[[source]]" in faults(tmp_path, GOOD.split("[[source]]", maxsplit=1)[0])[0]


def test_the_project_is_found_from_a_folder_inside_it(tmp_path: Path) -> None:
    inside = project(tmp_path, GOOD) / "outbox/issues"
    inside.mkdir(parents=True)
    assert config.find(inside) == tmp_path


def test_no_project_anywhere_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="paperround init"):
        config.find(tmp_path)


def test_provider_settings_are_kept_for_the_provider_to_read(tmp_path: Path) -> None:
    text = GOOD + '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "mail.example.org"\n'
    settings = config.load(project(tmp_path, text), {"PAPERROUND_SMTP_PASSWORD": "s3cret", "HOME": "/"})
    assert settings.deliver.tables == {"smtp": {"host": "mail.example.org"}}
    assert settings.deliver.secrets == {"PAPERROUND_SMTP_PASSWORD": "s3cret"}


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    settings = config.load(project(tmp_path, GOOD), {"PAPERROUND_SMTP_PASSWORD": "s3cret"})
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in repr(settings.deliver)


def test_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    folder = project(tmp_path, GOOD)
    (folder / ".env").write_text("PAPERROUND_SMTP_PASSWORD=s3cret\n")
    (folder / ".env").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        config.load(folder, {})
    (folder / ".env").chmod(0o600)
    assert config.load(folder, {}).secrets == {"PAPERROUND_SMTP_PASSWORD": "s3cret"}


@pytest.mark.parametrize(
    "value", ["lisa", "Lisa <lisa>", "a@example.org, b@example.org", "Lisa <a@b.org>\\nBcc: x@y.org"]
)
def test_the_sender_must_be_one_address(tmp_path: Path, value: str) -> None:
    found = faults(tmp_path, GOOD.replace("Lisa <letters@example.org>", value))
    assert "newsletter.from" in found[0]


@pytest.mark.parametrize(
    ("cadence", "day", "said"),
    [
        ("weekly", "15", "a day of a month"),
        ("weekly", "second tuesday", "a day of a month"),
        ("monthly", "32", "expected a day like"),
        ("monthly", "second teusday", "did you mean tuesday?"),
        ("monthly", "", "expected a day like"),
    ],
)
def test_a_day_that_the_cadence_can_not_have_is_named_with_its_line(
    tmp_path: Path, cadence: str, day: str, said: str
) -> None:
    (found, *_) = faults(tmp_path, f'{GOOD}[schedule]\ncadence = "{cadence}"\nday = "{day}"\n')
    assert found.startswith("sources/newsletter.toml:10: schedule.day")
    assert said in found
