"""The interface of an image store."""

from abc import ABC, abstractmethod
from collections.abc import Iterator


class ImageStore(ABC):
    """Keeps one PNG file for each uuid.

    Every method takes a canonical uuid (the routes and the task model accept no other) and raises
    ``faafo.errors.StoreUnavailable`` when the store cannot be reached.
    """

    @abstractmethod
    def check(self) -> None:
        """Make sure that images can be written, before a worker takes any work.

        After an image did not fit, there must be room for it.
        """

    @abstractmethod
    def save(self, uuid: str, png: bytes) -> str:
        """Store an image, whole or not at all; return where it went, for the log."""

    @abstractmethod
    def load(self, uuid: str) -> bytes:
        """Return an image; raise ``faafo.errors.ImageNotFound`` when there is none."""

    @abstractmethod
    def delete(self, uuid: str) -> None:
        """Forget an image; harmless when there is none."""

    @abstractmethod
    def uuids(self, age: float) -> Iterator[str]:
        """Return whose images have been here for more than ``age`` seconds, in any order."""

    @abstractmethod
    def remove_partial(self) -> int:
        """Remove what an earlier life of this store's owner wrote half; return how many files."""

    @abstractmethod
    def remove_all_partial(self, age: float) -> int:
        """Remove what anybody wrote half, and not in the last ``age`` seconds; return how many."""
