# SPDX-License-Identifier: Apache-2.0
"""The botocore client of an S3 store, and what keeps it from being made."""

from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import exceptions
from botocore.config import Config

from faafo.store.location import Location
from faafo.urls import masked_text

CONFIGURATION = Config(
    signature_version="s3v4",
    connect_timeout=5,
    read_timeout=20,
    # More than the API has places for requests that use the store.
    max_pool_connections=64,
    retries={"total_max_attempts": 2, "mode": "standard"},
    # Stores other than AWS refuse the checksums it has added; ContentMD5 goes with each PUT.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


def make_client(location: Location, endpoint_url: str | None, region: str | None) -> Any:
    """Return the client, which connects when it is first used; threads may share it.

    botocore also reads environment variables and files of its own.

    :raises ValueError: when one of them, or a parameter, is invalid; shows no password.
    """
    try:
        # A session of our own: the default session of boto3 is not thread-safe, its clients are.
        client = boto3.session.Session().client(
            "s3",
            aws_access_key_id=location.key,
            aws_secret_access_key=location.secret,
            endpoint_url=endpoint_url,
            region_name=region,
            config=CONFIGURATION,
        )
        # A login would be a part of the signed URLs that visitors get.
        is_usable = "@" not in urlsplit(client.meta.endpoint_url).netloc
    except exceptions.BotoCoreError as error:
        raise ValueError(masked_text(str(error))) from None
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError(
            "s3_endpoint_url, or the environment variable AWS_ENDPOINT_URL, must be a URL without "
            "a user name and a password"
        )
    return client
