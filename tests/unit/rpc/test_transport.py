# SPDX-License-Identifier: Apache-2.0
"""The connection to the broker, and its URL in logs."""

import pytest

from faafo import errors
from faafo.rpc.transport import get_transport, shown_url


def test_a_url_without_a_driver_is_refused_by_the_name_of_the_option(conf):
    with pytest.raises(errors.ConfigurationError, match="^transport_url"):
        get_transport(conf, default_url="nonsense://")


def test_the_passwords_of_a_transport_are_masked(conf):
    transport = get_transport(conf, default_url="rabbit://a:p%401@h1:1,b:p2@h2:2/v")
    assert shown_url(transport) == "rabbit://a:***@h1:1,b:***@h2:2/v"
    transport.cleanup()


def test_queues_outlive_the_broker_unless_the_operator_says_otherwise(conf):
    transport = get_transport(conf, default_url="rabbit://")
    assert conf.oslo_messaging_rabbit.amqp_durable_queues is True
    transport.cleanup()
