"""Reports that come by way of Amazon's SNS: the certificate is fetched from Amazon's own host, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.config import FeedbackSettings
from pipeline.errors import FetchFault, Forged
from pipeline.feedback import hooks
from pipeline.model import Fetched, Validators
from pipeline.providers import ses
from tests.providers.test_webhooks import NOW, SES, TOPIC, certificate, sns
from tests.world import World


class Amazon:
    """Amazon's host for certificates."""

    def __init__(self, *, down: bool = False) -> None:
        self.down = down
        self.asked: list[str] = []

    def __call__(self, url: str, *, validators: Validators | None = None) -> Fetched:
        self.asked.append(url)
        if self.down:
            raise FetchFault("The server took too long.", where=url)
        return Fetched(url=url, status=200, headers={}, body=certificate().encode())


@pytest.fixture
def settings(world: World) -> FeedbackSettings:
    with world.project() as project:
        return replace(project.settings.feedback, secrets={ses.TOPIC: TOPIC})


def test_a_report_is_verified_with_the_certificate_it_names_which_is_fetched_once(settings: FeedbackSettings) -> None:
    amazon = Amazon()
    for _ in range(3):
        (signal,) = hooks.verified("ses", {}, sns(SES).body, settings, amazon, NOW)
        assert signal.kind == "bounced"
    assert amazon.asked == ["https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-x.pem"]


def test_a_question_whether_calls_may_begin_is_answered_once_it_was_verified(settings: FeedbackSettings) -> None:
    amazon, url = Amazon(), "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=y"
    asked = sns({}, Type="SubscriptionConfirmation", Token="y", SubscribeURL=url)
    assert hooks.verified("ses", {}, asked.body, settings, amazon, NOW) == ()
    assert amazon.asked[-1] == url
    forged = json.dumps(json.loads(asked.body) | {"Token": "z"}).encode()
    with pytest.raises(Forged):
        hooks.verified("ses", {}, forged, settings, Amazon(), NOW)


def test_nothing_is_fetched_from_a_strangers_host(settings: FeedbackSettings) -> None:
    amazon = Amazon()
    with pytest.raises(Forged):
        hooks.verified("ses", {}, sns(SES, SigningCertURL="http://169.254.169.254/x.pem").body, settings, amazon, NOW)
    assert amazon.asked == []


def test_a_certificate_that_can_not_be_had_is_no_reason_to_believe(settings: FeedbackSettings) -> None:
    with pytest.raises(FetchFault):
        hooks.verified("ses", {}, sns(SES).body, settings, Amazon(down=True), NOW)
