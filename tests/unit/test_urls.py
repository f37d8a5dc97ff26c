# SPDX-License-Identifier: Apache-2.0
"""URLs: how they are shown without their passwords, and which are refused."""

import pytest

from faafo.urls import check, masked, masked_text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rabbit://faafo:secret@localhost:5672/", "rabbit://faafo:***@localhost:5672/"),
        ("rabbit://a:p1@h1:1,b:p2@h2:2/v", "rabbit://a:***@h1:1,b:***@h2:2/v"),
        ("rabbit://faafo:sec:ret@[::1]:5672/v", "rabbit://faafo:***@[::1]:5672/v"),
        ("mysql+pymysql://u:p%40@h/db?ssl_ca=/x", "mysql+pymysql://u:***@h/db?***"),
        ("http://token@host:5000/faafo", "http://***@host:5000/faafo"),
        ("http://:secret@host", "http://:***@host"),
        ("s3://key:secret@bucket/prefix", "s3://***@bucket/prefix"),
        ("rabbit://localhost:5672/", "rabbit://localhost:5672/"),
        ("sqlite:////var/lib/faafo.sqlite", "sqlite:////var/lib/faafo.sqlite"),
        ("fake://", "fake://"),
        ("api://", "api://"),
        ("/srv/images", "/srv/images"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_of_a_valid_url_everything_but_the_secrets_is_shown(url, shown):
    assert masked(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "mysql://faafo:S3C@S3C:S3C@host/faafo",
        "mysql://faafo:S3C/S3C@host/faafo",
        "mysql://faafo:S3C?S3C@host/faafo",
        "mysql://faafo:S3C#S3C@host/faafo",
        "mysql://faafo:S3C@[::1/faafo",
        "mysql://faafo:S3C",
        "mysql://host/faafo?user=u&password=S3C@S3C",
        "mysql://host/faafo?user=u&password=S3C#S3C",
        "mysql://u:1/S3C@host",
        "rabbit://a:S3C#S3C@h1,b:S3C@h2/",
        "rabbit://a:S3C@S3C@h1,b:S3C@h2/",
        "rabbit://a:S3C, b:S3C@h2/",
        "s3:/k:S3C@bucket",
        "s3://k:S3C\n@S3C\nbucket",
        "faafo:S3C@host/faafo",
        "mysql:faafo:S3C",
        "http://S3C@host",
        "http://S3C:S3C@S3C@host",
    ],
)
def test_of_any_other_url_no_part_of_a_password_is_shown(url):
    assert "S3C" not in masked(url)
    assert "\n" not in masked(url)
    assert "://" not in url or "S3C" not in masked_text(f"cannot open {url.split()[0]}: refused")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            'Could not connect to: "http://u:S3C@host/b"',
            'Could not connect to: "http://u:***@host/b"',
        ),
        (
            "Invalid URL 'http://u:S'3C@host:abc': no port",
            "Invalid URL 'http://***': no port",
        ),
        (
            "at http://127.0.0.1:9: refused (http://[::1]:9).",
            "at http://127.0.0.1:9: refused (http://[::1]:9).",
        ),
        ("nothing", "nothing"),
    ],
)
def test_each_url_in_a_text_is_masked(text, shown):
    assert masked_text(text) == shown


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "must begin with"),
        ("ftp://host", "must begin with http:// or https://"),
        ("http://u:p@ss@host", "percent-encode"),
        ("http://u:p#ss@host", "percent-encode"),
        ("http://u:p/ss@host", "percent-encode"),
        ("http://host:abc", "percent-encode"),
        ("http://[::1/", "percent-encode"),
        ("http://host:70000", "a port must be a number from 1 to 65535"),
        ("http://host:0", "a port must be a number from 1 to 65535"),
        ("http://host/#x", "fragment"),
        ("http://host/?x=1", "without a query"),
        ("http://a,b/", "one host"),
        ("http://", "must name a host"),
        ("http://:80/", "must name a host"),
        ("http:// /", "percent-encode"),
    ],
)
def test_a_url_that_can_be_misread_is_refused(url, why):
    with pytest.raises(ValueError, match=why):
        check(url, ("http", "https"), plain=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5000",
        "https://u:p%40%3A@api.example.org/faafo/",
        "http://[::1]:5000/",
    ],
)
def test_a_usual_url_is_accepted(url):
    check(url, ("http", "https"), plain=True)


@pytest.mark.parametrize(
    "url", ["fake://", "rabbit://", "rabbit://a:b@h1:5672,a:b@h2:5672/v?ssl=true", "rabbit://h:"]
)
def test_a_transport_may_have_several_hosts_and_a_query(url):
    check(url)
