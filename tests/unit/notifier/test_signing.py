# SPDX-License-Identifier: Apache-2.0
"""The signature of a delivery, as others verify it."""

import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from faafo.fractal.signing import new_secret
from faafo.notifier import signing

BODY = '{"fault":"größer"}'.encode()


def signed(*secrets, body=BODY):
    return signing.headers("an-id", int(time.time()), body, secrets)


def test_a_signature_is_valid_for_the_secret_of_the_webhook():
    secret = new_secret()
    assert Webhook(secret).verify(BODY, signed(secret)) == {"fault": "größer"}


def test_while_a_secret_is_rotated_both_verify():
    old, new = new_secret(), new_secret()
    headers = signed(new, old)
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers)


def test_another_secret_and_another_body_do_not_verify():
    secret = new_secret()
    for other, body in ((new_secret(), BODY), (secret, BODY + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(other).verify(body, signed(secret))


def test_the_example_of_the_specification_is_signed_as_there():
    headers = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_an_invalid_secret_is_refused_and_not_shown():
    with pytest.raises(ValueError, match="(?i)base64|padding") as refused:
        signed("whsec_no base64: 5ecre7")
    assert "5ecre7" not in str(refused.value)
