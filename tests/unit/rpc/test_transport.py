# SPDX-License-Identifier: Apache-2.0
"""The connection to the broker, and its URL in logs."""

import pytest

from faafo import errors
from faafo.rpc.transport import get_tiles_transport, get_transport, shown_url


def test_a_url_without_a_driver_is_refused_by_the_name_of_the_option(conf):
    with pytest.raises(errors.ConfigurationError, match="^transport_url"):
        get_transport(conf, default_url="nonsense://")


@pytest.mark.parametrize(
    ("url", "shown", "why"),
    [
        ("rabbit://u:S3C#S3C@host/", "rabbit://***", "percent-encode"),
        ("rabbit://u:S3C@S3C@host/", "rabbit://***@host/", "percent-encode"),
        ("rabbit://u:S3C@host:abc/", "rabbit://***", "percent-encode"),
        ("rabbit://u:S3C@host:70000/", "rabbit://u:***@host:70000/", "a port must be"),
        ("rabbit://[::1/", "rabbit://***", "percent-encode"),
        ("rabbit://u:S3C@h/?foo=S3C", "rabbit://u:***@h/?***", "foo"),
        ("nonsense://u:S3C@h/", "nonsense://u:***@h/", "nonsense"),
        ("kafka://u:S3C@h/", "kafka://u:***@h/", ""),
        ("u:S3C@host", "***@host", "must begin with driver://"),
    ],
)
@pytest.mark.parametrize("for_tiles", [False, True])
def test_a_url_that_makes_no_sense_is_refused_without_its_password(
    conf, for_tiles, url, shown, why
):
    conf.set_override("transport_url", url, group="tiles")
    with pytest.raises(errors.ConfigurationError) as caught:
        get_tiles_transport(conf) if for_tiles else get_transport(conf, default_url=url)
    option = "[tiles] transport_url" if for_tiles else "transport_url"
    assert str(caught.value).startswith(f"{option} = {shown}: ")
    assert why in str(caught.value)
    assert "S3C" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("ssl_ca_file", "/nowhere", "No such file or directory"),
        ("ssl_cert_file", "/nowhere", "No such file or directory"),
        ("ssl_key_file", "/nowhere", "No such file or directory"),
        ("ssl_ca_file", __file__, "no certificate"),
        ("ssl_cert_file", __file__, "PEM"),
        ("ssl_version", "TLSv9", "Invalid SSL version"),
    ],
)
def test_a_file_for_tls_that_is_none_is_named(conf, option, value, why):
    with pytest.raises(errors.ConfigurationError, match=why) as caught:
        get_transport(conf, default_url=f"rabbit://u:S3C@h/?ssl=true&{option}={value}")
    assert str(caught.value).startswith(f"[oslo_messaging_rabbit] {option} = {value}: ")


def test_a_file_for_tls_is_not_read_while_tls_is_off(conf):
    get_transport(conf, default_url="rabbit://u:p@h/?ssl_ca_file=/nowhere").cleanup()


def test_the_passwords_of_a_transport_are_masked(conf):
    transport = get_transport(conf, default_url="rabbit://a:p%401@h1:1,b:p2@h2:2/v")
    assert shown_url(transport) == "rabbit://a:***@h1:1,b:***@h2:2/v"
    transport.cleanup()


def test_queues_outlive_the_broker_unless_the_operator_says_otherwise(conf):
    transport = get_transport(conf, default_url="rabbit://")
    assert conf.oslo_messaging_rabbit.amqp_durable_queues is True
    transport.cleanup()
