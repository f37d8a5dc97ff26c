# SPDX-License-Identifier: Apache-2.0
"""The store that a URL selects."""

import sys

import pytest

from faafo import errors
from faafo.store.api import ApiStore
from faafo.store.factory import open_store, open_writer
from faafo.store.filesystem import FilesystemStore
from faafo.store.location import Location, parse_url
from faafo.store.s3 import S3Store

UUID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def with_url(conf):
    def set_url(url):
        conf.set_override("url", url, group="store")
        return conf

    return set_url


def test_without_a_url_images_are_files_in_filesystem_store_datadir(conf, tmp_path):
    conf.set_override("filesystem_store_datadir", str(tmp_path / "old"))
    store = open_store(conf)
    store.check()
    assert store.save(UUID, b"png") == str(tmp_path / "old" / f"{UUID}.png")


def test_a_file_url_names_a_directory_and_takes_precedence(with_url, tmp_path):
    store = open_store(with_url(f"file://{tmp_path}/with%20space"))
    store.check()
    assert store.save(UUID, b"png") == str(tmp_path / "with space" / f"{UUID}.png")


def test_an_unusable_directory_is_named_as_configured(with_url, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("in the way")
    with pytest.raises(errors.StoreUnavailable, match=f"url = file://{blocked}: File exists"):
        open_store(with_url(f"file://{blocked}")).check()


@pytest.mark.parametrize(
    ("url", "kind"),
    [("api://", ApiStore), ("s3://k:s@b/p", S3Store), ("file:///srv", FilesystemStore)],
)
def test_the_scheme_selects_the_driver(with_url, url, kind):
    assert type(open_writer(with_url(url), "w-1")) is kind


def test_a_missing_dependency_is_named_with_the_command_that_installs_it(with_url, monkeypatch):
    for module in ("faafo.store.s3", "faafo.store.s3_client"):
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(errors.ConfigurationError) as caught:
        open_store(with_url("s3://key:secret@bucket"))
    assert "[store] url = s3://***@bucket: " in str(caught.value)
    assert "pip install 'faafo[s3]'" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("AWS_ENDPOINT_URL", "http://me:S3C@127.0.0.1:9", "AWS_ENDPOINT_URL, must be a URL"),
        ("AWS_ENDPOINT_URL", "me:S3C@nowhere", "AWS_ENDPOINT_URL, must be a URL"),
        ("AWS_PROFILE", "nobody", "nobody"),
        ("AWS_DEFAULT_REGION", "no such region!", "no such region!"),
    ],
)
def test_a_variable_of_botocore_that_makes_no_sense_is_explained(
    with_url, monkeypatch, name, value, why
):
    monkeypatch.setenv(name, value)
    with pytest.raises(errors.ConfigurationError, match=why) as caught:
        open_store(with_url("s3://key:secret@bucket"))
    assert str(caught.value).startswith("[store] url = s3://***@bucket: ")
    assert "S3C" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("s3://bucket", Location("bucket")),
        ("s3://bucket/", Location("bucket")),
        ("s3://Bucket/a/b", Location("Bucket", "a/b/")),
        ("s3://bucket//a%20b/", Location("bucket", "a b/")),
        ("s3://k%3Ae:s%2Fec%2Bret@bucket/p", Location("bucket", "p/", "k:e", "s/ec+ret")),
    ],
)
def test_an_s3_url_has_a_bucket_a_prefix_and_credentials(url, location):
    assert parse_url(url) == location


@pytest.mark.parametrize(
    "url",
    [
        *("s3://", "s3:///prefix", "s3://b?endpoint=x", "s3://b/p#x", "s3://k@b", "s3://k:@b"),
        *("s3://:s@b", "s3://k:s/ecret@b/p", "s3://b:80/p"),
    ],
)
def test_an_invalid_s3_url_is_refused(url):
    with pytest.raises(ValueError, match="must look like s3://"):
        parse_url(url)


@pytest.mark.parametrize("open_either", [open_store, lambda conf: open_writer(conf, "w-1")])
@pytest.mark.parametrize(
    ("url", "shown", "why"),
    [
        ("ftp://host/images", "ftp://host/images", "must begin with api://, file://, s3://"),
        ("/srv/images", "/srv/images", "must begin with api://, file://, s3://"),
        ("file://images", "file://images", "must look like file:///directory"),
        ("s3://", "s3://", "must look like s3://bucket/prefix"),
        ("s3://k:se/cret@bucket", "s3://***@bucket", "percent-encode"),
        ("s3://key@bucket", "s3://***@bucket", "s3://key:secret@bucket/prefix"),
        ("api://controller", "api://controller", "endpoint_url"),
    ],
)
def test_a_url_that_makes_no_sense_is_named_without_its_password(
    with_url, open_either, url, shown, why
):
    with pytest.raises(errors.ConfigurationError) as caught:
        open_either(with_url(url))
    assert str(caught.value).startswith(f"[store] url = {shown}: ")
    assert why in str(caught.value)
    assert "cret" not in str(caught.value).replace("secret", "")
