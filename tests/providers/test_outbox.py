"""The outbox, and how providers are found and opened."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline import providers
from pipeline.errors import SettingsError, UserError
from pipeline.line import Wire
from pipeline.model import (
    Answer,
    Batch,
    BatchId,
    FileDrop,
    IssueNumber,
    Message,
    NoAnswer,
    Recipient,
    Reply,
    SubscriberId,
)
from pipeline.pull import kinds

OUTBOX = providers.open_provider("outbox", {}, {})
LINK = "https://news.example.org/unsubscribe"
LOST = NoAnswer(sent="after", words="the server hung up")
NEVER_LEFT = NoAnswer(sent="before", words="the disk is full")
TAKEN = Answer(status=200)


def reader(number: int) -> Recipient:
    return Recipient(
        subscriber=SubscriberId(number),
        address=f"reader{number}@example.org",
        name=None,
        unsubscribe=f"{LINK}/{number}",
        message_id=f"<7.{number}@example.org>",
    )


def batch(size: int = 3) -> Batch:
    message = Message(subject="Hello", html=f'<a href="{LINK}">x</a>', text=LINK, unsubscribe=LINK)
    return Batch(
        id=BatchId(1),
        issue=IssueNumber(7),
        key="k",
        message=message,
        sender="Lisa <letters@example.org>",
        reply_to=None,
        date=datetime(2026, 11, 23, tzinfo=UTC),
        recipients=tuple(reader(number) for number in range(1, size + 1)),
    )


def fates(replies: list[Reply], size: int = 3) -> list[str]:
    outcomes = OUTBOX.read(batch(size), replies)
    assert [outcome.subscriber for outcome in outcomes] == list(range(1, size + 1))
    return [outcome.fate for outcome in outcomes]


def test_each_reader_gets_a_file_of_her_own(tmp_path: Path) -> None:
    with Wire(tmp_path) as line:
        replies = list(line(OUTBOX.requests(batch())))
    assert fates(replies) == ["accepted"] * 3
    for number in (1, 2, 3):
        copy = (tmp_path / f"mail/7/00000{number}.eml").read_bytes()
        assert message_from_bytes(copy)["To"] == f"reader{number}@example.org"
        others = {1, 2, 3} - {number}
        assert not any(f"reader{other}@".encode() in copy or f"{LINK}/{other}".encode() in copy for other in others)


def test_handing_over_the_same_batch_again_changes_no_file(tmp_path: Path) -> None:
    with Wire(tmp_path) as line:
        list(line(OUTBOX.requests(batch())))
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.eml")}
        list(line(OUTBOX.requests(batch())))
    assert len(before) == 3
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.eml")} == before


def test_a_test_copy_does_not_take_the_place_of_a_readers() -> None:
    (copy,) = OUTBOX.requests(replace(batch(1), id=BatchId(0)))
    assert isinstance(copy, FileDrop)
    assert str(copy.path) == "mail/7/test/000001.eml"


@given(st.text(max_size=100))
def test_the_same_batch_makes_the_same_bytes(title: str) -> None:
    one, two = (replace(batch(), message=replace(batch().message, subject=title)) for _ in range(2))
    assert OUTBOX.requests(one) == OUTBOX.requests(two)


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([TAKEN, TAKEN, TAKEN], ["accepted"] * 3),
        ([TAKEN, NEVER_LEFT, TAKEN], ["accepted", "not-sent", "accepted"]),
        ([TAKEN, LOST], ["accepted", "unknown", "not-sent"]),
        ([LOST], ["unknown", "not-sent", "not-sent"]),
        ([TAKEN], ["accepted", "unknown", "unknown"]),
        ([], ["unknown"] * 3),
        ([TAKEN] * 5, ["accepted"] * 3),
        ([Answer(status=500), TAKEN, TAKEN], ["unknown", "accepted", "accepted"]),
    ],
)
def test_every_reader_has_exactly_one_fate_whatever_came_back(replies: list[Reply], expected: list[str]) -> None:
    assert fates(replies) == expected


def test_the_words_of_a_failure_are_kept() -> None:
    (outcome,) = OUTBOX.read(batch(1), [NEVER_LEFT])
    assert outcome.words == "the disk is full"


def test_the_outbox_has_nothing_to_look_up() -> None:
    assert OUTBOX.look_up(batch()) == ()
    assert OUTBOX.found(batch(), []) == ()


def test_there_is_nothing_left_to_ask_after_the_replies() -> None:
    assert OUTBOX.requests(batch(), [TAKEN] * 3) == ()


def test_a_provider_is_its_file() -> None:
    files = {path.stem for path in Path(providers.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(providers.names()) == files


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_has_what_a_provider_needs(name: str) -> None:
    module = providers.load(name)
    assert isinstance(module.CAN, providers.Capabilities)
    assert module.CAN.docs.startswith("https://")
    assert (module.CAN.idempotency == "key") == (module.CAN.key_lifetime_seconds is not None)
    assert all(secret.startswith("PAPERROUND_") and help_text for secret, help_text in module.SECRETS.items())


@pytest.mark.parametrize("name", providers.names())
def test_a_provider_reaches_no_network(name: str) -> None:
    script = f"import sys; import pipeline.providers.{name}; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.strip("[]\n").replace("'", "").split(", "))
    assert f"pipeline.providers.{name}" in loaded
    assert loaded & {"socket", "ssl", "smtplib", "httpx", "httpcore", "urllib.request", "http.client"} == set()
    assert loaded & {"pipeline.line", "pipeline.fetch", "sqlalchemy"} == set()


def test_an_unknown_provider_is_told_with_the_nearest_name() -> None:
    with pytest.raises(
        UserError, match=r"no provider called 'outbux'\. Did you mean outbox\? Known: .*outbox, .*smtp\."
    ):
        providers.load("outbux")


@pytest.mark.parametrize("name", ["__init__", "../smtp", "os", "", "x" * 300])
def test_a_name_that_is_no_provider_loads_nothing(name: str) -> None:
    with pytest.raises(UserError, match="There is no provider"):
        providers.load(name)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages with strangers' providers and kinds of source."""
    info = tmp_path / "stranger-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[paperround.providers]\npigeon = stranger_pigeon\nsnail = stranger_snail\n"
        "dodo = stranger_dodo\n[paperround.sources]\nstone = stranger_snail\ndodo = stranger_dodo\n"
    )
    (tmp_path / "stranger_pigeon.py").write_text(
        "from pipeline.providers.outbox import CAN, SECRETS, Settings, provider\n"
    )
    (tmp_path / "stranger_snail.py").write_text("CAN = None\n")
    (tmp_path / "stranger_dodo.py").write_text("import a_package_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("installed")
def test_a_strangers_provider_is_found_by_its_entry_point() -> None:
    assert providers.load("pigeon").__name__ == "stranger_pigeon"
    assert providers.open_provider("pigeon", {}, {}).can.batch_max == 500


@pytest.mark.usefixtures("installed")
def test_a_strangers_provider_that_lacks_something_is_told_so() -> None:
    with pytest.raises(UserError, match=r"'snail' does not have .* lacks: SECRETS, Settings, provider"):
        providers.load("snail")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("load", [providers.load, kinds.load])
def test_a_strangers_module_that_can_not_be_imported_is_named_with_the_reason(load: Callable[[str], object]) -> None:
    with pytest.raises(UserError, match=r"'dodo' can't be loaded: ModuleNotFoundError: .*a_package_that_is_not_there"):
        load("dodo")


@pytest.mark.usefixtures("installed")
def test_a_strangers_kind_of_source_that_lacks_something_is_told_so() -> None:
    with pytest.raises(UserError, match=r"'stone' does not have .* lacks: visit, recognises"):
        kinds.load("stone")


@pytest.mark.parametrize("table", [{"host": "x", "password": "s3cret"}, {"host": "x", "smtp_pass": "s3cret"}])
def test_a_password_in_the_settings_is_told_where_it_belongs_and_not_shown(table: dict[str, str]) -> None:
    text = "[delivery.smtp]\n" + "".join(f'{key} = "{value}"\n' for key, value in table.items())
    with pytest.raises(
        SettingsError, match=r"newsletter.toml:3: .* does not belong .*PAPERROUND_SMTP_PASSWORD"
    ) as told:
        providers.open_provider("smtp", table, {}, text)
    assert "s3cret" not in str(told.value)


def test_a_wrong_key_is_told_with_its_line_and_the_nearest_one() -> None:
    text = '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "x"\nprot = 25\n'
    with pytest.raises(
        SettingsError, match=r"newsletter.toml:5: prot is not .*\[delivery.smtp\].* Did you mean port\?"
    ):
        providers.open_provider("smtp", {"host": "x", "prot": 25}, {}, text)


def test_without_the_text_a_fault_names_no_line() -> None:
    with pytest.raises(SettingsError, match=r"newsletter.toml: x is not a setting of \[delivery.outbox\]"):
        providers.open_provider("outbox", {"x": 1}, {})
