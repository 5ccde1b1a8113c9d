"""SES: a mock of it takes our mails, and the API's own model judges what moto does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator
from moto.server import ThreadedMotoServer
from msgspec.structs import replace

from pipeline.errors import SettingsError
from pipeline.line import Wire
from pipeline.mail import mime, sender
from pipeline.model import HttpRequest
from pipeline.providers import open_provider
from pipeline.testing import a_batch
from tests.providers.test_contract import AWS
from tests.shared import shared
from tests.test_line import closed_port

REGION = "eu-central-1"


@pytest.fixture
def amazon() -> Iterator[str]:
    """The address of a mock of SES at which the sender is verified."""
    port = closed_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    home = f"http://127.0.0.1:{port}"
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
    ses = boto3.client("sesv2", region_name=REGION, endpoint_url=home, **keys)
    ses.create_email_identity(EmailIdentity="letters@example.org")
    yield home
    server.stop()


def taken() -> list[Any]:
    from moto.ses.models import ses_backends

    return [message for account in ses_backends.values() for message in account[REGION].sent_messages]


def test_each_mail_arrives_at_amazon_byte_for_byte(amazon: str, tmp_path: Path) -> None:
    by = open_provider("ses", {"region": REGION, "bulk": False, "base_url": amazon}, AWS)
    batch, before = a_batch(3), len(taken())
    with Wire(tmp_path, 30) as line:
        outcomes = by.read(batch, list(line(by.requests(batch))))
    assert [one.fate for one in outcomes] == ["accepted"] * 3
    mails = taken()[before:]
    # The mock counts the To header as well.
    assert [{sender(to)[1] for to in mail.destinations} for mail in mails] == [
        {one.address} for one in batch.recipients
    ]
    assert [mail.raw_data.encode() for mail in mails] == [mime(batch, one) for one in batch.recipients]
    assert [outcome.provider_id for outcome in outcomes] == [mail.id for mail in mails]


def test_a_sender_that_amazon_does_not_know_is_nobodys_fate(amazon: str, tmp_path: Path) -> None:
    by = open_provider("ses", {"region": REGION, "bulk": False, "base_url": amazon}, AWS)
    batch = replace(a_batch(2), sender="stranger@example.net")
    with Wire(tmp_path, 30) as line:
        outcomes = by.read(batch, list(line(by.requests(batch))))
    assert [one.fate for one in outcomes] == ["not-sent"] * 2
    assert "MessageRejected" in outcomes[0].words


@pytest.mark.parametrize(("bulk", "operation"), [(True, "SendBulkEmail"), (False, "SendEmail")])
def test_requests_are_what_the_apis_own_model_writes(bulk: bool, operation: str) -> None:
    model = json.loads(shared("real/specs/ses_sesv2.service-2.json").read_text("utf-8"))
    api = ServiceModel(model, "sesv2").operation_model(operation)
    table = {"region": REGION, "bulk": bulk, "configuration_set": "newsletter"}
    for request in open_provider("ses", table, AWS).requests(a_batch(60)):
        assert isinstance(request, HttpRequest)
        ours = json.loads(request.body)
        given = ours if bulk else unencoded(ours)
        assert not ParamValidator().validate(given, api.input_shape).has_errors()
        written = create_serializer("rest-json").serialize_to_request(given, api)
        assert request.method == written["method"]
        assert request.url == f"https://email.{REGION}.amazonaws.com{written['url_path']}"
        assert json.loads(written["body"]) == ours


def unencoded(mail: dict[str, Any]) -> dict[str, Any]:
    """The model takes the mail as bytes and writes it in Base64 itself."""
    import base64

    return mail | {"Content": {"Raw": {"Data": base64.b64decode(mail["Content"]["Raw"]["Data"])}}}


def test_a_bulk_request_keeps_the_limits_of_the_api() -> None:
    requests = open_provider("ses", {"region": REGION}, AWS).requests(a_batch(120))
    mails = [json.loads(request.body) for request in requests if isinstance(request, HttpRequest)]
    assert [len(mail["BulkEmailEntries"]) for mail in mails] == [50, 50, 20]
    for entry in [entry for mail in mails for entry in mail["BulkEmailEntries"]]:
        assert len(entry["ReplacementHeaders"]) <= 15
        for header in entry["ReplacementHeaders"]:
            assert header["Value"].isascii()
            assert 1 <= len(header["Value"]) <= 995
        assert all(set(tag) == {"Name", "Value"} for tag in entry["ReplacementTags"])


def test_only_the_signature_and_its_date_differ_from_one_time_to_the_next() -> None:
    (first,), (second,) = (open_provider("ses", {"region": REGION}, AWS).requests(a_batch(2)) for _ in range(2))
    assert isinstance(first, HttpRequest)
    assert isinstance(second, HttpRequest)
    assert first.body == second.body
    assert set(first.headers) == {"Content-Type", "X-Amz-Date"}
    authorization = first.secret_headers["Authorization"]
    assert authorization.startswith(f"AWS4-HMAC-SHA256 Credential={AWS['PAPERROUND_SES_ACCESS_KEY_ID']}/")
    assert f"/{REGION}/ses/aws4_request, SignedHeaders=content-type;host;x-amz-date" in authorization


def test_a_temporary_key_brings_its_session_token_which_is_not_shown() -> None:
    secrets = AWS | {"PAPERROUND_SES_SESSION_TOKEN": "a-session-token"}
    (request,) = open_provider("ses", {"region": REGION}, secrets).requests(a_batch(1))
    assert isinstance(request, HttpRequest)
    assert request.secret_headers["X-Amz-Security-Token"] == "a-session-token"
    assert "a-session-token" not in repr(request)


def test_the_accounts_quota_is_counted_in_readers() -> None:
    assert open_provider("ses", {"region": REGION, "per_second": 100}, AWS).can.per_second == 2
    assert open_provider("ses", {"region": REGION, "per_second": 100, "bulk": False}, AWS).can.per_second == 100


@pytest.mark.parametrize("region", ["", "europe", "eu-central-1.evil.example/"])
def test_a_region_that_is_none_is_told(region: str) -> None:
    with pytest.raises(SettingsError, match="region can't be"):
        open_provider("ses", {"region": region}, AWS)
