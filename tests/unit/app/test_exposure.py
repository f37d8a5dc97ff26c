# SPDX-License-Identifier: Apache-2.0
"""An API without a login listens on the loopback only, unless it is told to."""

import pytest

from faafo import errors
from faafo.app.exposure import check_exposure

OPEN = ["0.0.0.0", "::", "10.0.0.4", "fe80::1", "::ffff:10.0.0.4", "faafo.example.org"]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_the_loopback_needs_no_login(conf, address):
    conf.set_override("listen_address", address)
    check_exposure(conf)


@pytest.mark.parametrize("address", OPEN)
def test_another_address_needs_a_login_or_a_decision(conf, address):
    conf.set_override("listen_address", address)
    with pytest.raises(errors.ConfigurationError, match=f"listen_address = {address}: ") as refusal:
        check_exposure(conf)
    for way in ("auth_strategy = http_basic", "insecure_noauth = true"):
        assert way in str(refusal.value)
    conf.set_override("insecure_noauth", True, group="api")
    check_exposure(conf)


@pytest.mark.parametrize("strategy", ["http_basic", "keystone"])
def test_with_a_login_any_address_will_do(conf, strategy):
    conf.set_override("listen_address", "0.0.0.0")
    conf.set_override("auth_strategy", strategy, group="api")
    check_exposure(conf)
