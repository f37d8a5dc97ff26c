"""The interface of an image store."""

from abc import ABC, abstractmethod


class ImageStore(ABC):
    """Keeps one PNG file for each uuid.

    Every method takes a canonical uuid (the routes and the task model accept no other) and raises
    ``faafo.errors.StoreUnavailable`` when the store cannot be reached.
    """

    @abstractmethod
    def check(self) -> None:
        """Make sure that images can be written, before a worker takes any work."""

    @abstractmethod
    def save(self, uuid: str, png: bytes) -> str:
        """Store an image, whole or not at all; return where it went, for the log."""

    @abstractmethod
    def load(self, uuid: str) -> bytes:
        """Return an image; raise ``faafo.errors.ImageNotFound`` when there is none."""

    @abstractmethod
    def delete(self, uuid: str) -> None:
        """Forget an image; harmless when there is none."""
