# SPDX-License-Identifier: Apache-2.0
"""The parts of an ``s3://`` URL: bucket, prefix, credentials."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Location:
    """Where objects are stored, and the credentials for it.

    ``prefix`` is empty or ends with a slash; without a ``key`` botocore looks for credentials.
    """

    bucket: str
    prefix: str = ""
    key: str | None = None
    secret: str | None = None

    def __str__(self) -> str:
        credentials = "***@" if self.key else ""
        return f"s3://{credentials}{self.bucket}/{self.prefix}"

    def key_of(self, name: str) -> dict[str, str]:
        """Return the parameters of an S3 request that identify the object ``name``."""
        return {"Bucket": self.bucket, "Key": self.prefix + name}

    def path_of(self, name: str) -> str:
        """Return the path of the object of that name, for the log."""
        return f"{self.bucket}/{self.prefix}{name}"


def parse_url(url: str) -> Location:
    """Return the parts of an ``s3://`` URL.

    :raises ValueError: when the URL is invalid; says why.
    """
    parts = urlsplit(url)
    credentials, at, bucket = parts.netloc.rpartition("@")
    key, _colon, secret = credentials.partition(":")
    if not bucket or ":" in bucket or parts.query or parts.fragment or "@" in parts.path:
        raise ValueError("must look like s3://bucket/prefix; percent-encode special characters")
    if at and not (key and secret):
        raise ValueError("credentials must look like s3://key:secret@bucket/prefix")
    prefix = unquote(parts.path).strip("/")
    return Location(
        bucket, f"{prefix}/" if prefix else "", unquote(key) or None, unquote(secret) or None
    )
