# SPDX-License-Identifier: Apache-2.0
"""Why an object store cannot be used: errors of faafo for exceptions of botocore."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions

from faafo import errors
from faafo.urls import masked_text

# No answer, or an incomplete one.
UNREACHABLE = (
    exceptions.ConnectionError,
    exceptions.HTTPClientError,
    exceptions.IncompleteReadError,
    ConnectionError,
    TimeoutError,
)
MISSING_OBJECT = ("NoSuchKey", "404")
MISSING_BUCKET = "NoSuchBucket"
DENIED = 403
SERVER_ERROR = 500


class Explanations:
    """Explains errors of the store that messages name ``where``."""

    def __init__(self, where: str) -> None:
        self._where = where

    @contextmanager
    def explained(self, uuid: str | None = None) -> Iterator[None]:
        """Turn exceptions of botocore into errors of faafo.

        :param uuid: of the image that is read; a missing one is ``ImageNotFound``.
        """
        try:
            yield
        except exceptions.ClientError as error:
            raise self._explanation(error, uuid) from None
        except UNREACHABLE as error:
            raise errors.StoreUnreachable(
                f"{self._where}: {masked_text(str(error)) or type(error).__name__}"
            ) from None
        except exceptions.BotoCoreError as error:
            raise self._unavailable(masked_text(str(error))) from None

    def _explanation(
        self, error: exceptions.ClientError, uuid: str | None
    ) -> errors.ImageNotFound | errors.StoreUnavailable:
        """Return our own error for an answer with an error code."""
        text = masked_text(str(error))
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if uuid and code in MISSING_OBJECT:
            return errors.ImageNotFound(f"there is no image of fractal {uuid}")
        if code == MISSING_BUCKET or code in MISSING_OBJECT:
            return self._unavailable("there is no such bucket")
        if status == DENIED:
            return self._unavailable(f"access is denied ({text})")
        if status >= SERVER_ERROR:
            return errors.StoreUnreachable(f"{self._where}: {text}")
        return self._unavailable(text)

    def _unavailable(self, why: str) -> errors.StoreUnavailable:
        return errors.StoreUnavailable(f"{self._where}: {why}")
