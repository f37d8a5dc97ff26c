# SPDX-License-Identifier: Apache-2.0
"""Every error that faafo raises on purpose, in one family."""


class FaafoError(Exception):
    """Raised when something went wrong that faafo can explain; its text is meant for people."""


class ConfigurationError(FaafoError):
    """Raised when an option has a value the service cannot start with; names option and value."""


class DatabaseBehind(ConfigurationError):
    """Raised when the database schema is older (or newer) than this version of faafo."""


class DatabaseUnavailable(FaafoError):
    """Raised when the database cannot be reached or refuses to talk to us."""


class InvalidTask(FaafoError):
    """Raised when a task lacks a field or has one out of bounds; names field and bound."""


class InvalidMessage(FaafoError):
    """Raised when a message that arrives over RPC breaks the contract; names the field."""


class InvalidQuery(FaafoError):
    """Raised when the search parameter ``q`` or the paging of a list cannot be understood."""


class LimitExceeded(FaafoError):
    """Raised when a fractal is larger than the operator allows; names the limit and its option."""


class QueueFull(FaafoError):
    """Raised when so many fractals are queued that the operator wants no more for now."""


class FractalNotFound(FaafoError):
    """Raised when no fractal has the uuid that was asked for."""


class FractalFixed(FaafoError):
    """Raised when something of a fractal is to be changed that stays as it was posted."""


class FractalExists(FaafoError):
    """Raised when a fractal is posted with a uuid that is already taken."""


class StaleAttempt(FaafoError):
    """Raised when a result belongs to an attempt that is no longer the current one."""


class NothingToRetry(FaafoError):
    """Raised when a fractal is to be tried again that has not been given up."""


class ImageNotFound(FaafoError):
    """Raised when the image store holds no image for a uuid."""


class InvalidImage(FaafoError):
    """Raised when what is sent is not the image that it is said to be."""


class StoreUnavailable(FaafoError):
    """Raised when the image store cannot be read or written."""


class StoreAway(StoreUnavailable):
    """Raised when the image store does not answer, or is in trouble: worth to be waited for."""


class ImageRefused(FaafoError):
    """Raised when the image store does not take an image, and would not take it later either."""


class RenderFailed(FaafoError):
    """Raised when a render ends in a way that nobody thought of; the worker's log says more."""


class RenderCancelled(FaafoError):
    """Raised when a render is given up half-way because its worker is told to stop."""


class WorkerBusy(FaafoError):
    """Raised when a worker is asked to render while all of its slots are taken."""


class TilesBusy(FaafoError):
    """Raised when a tile is asked for while as many as allowed are under way."""


class TileUnavailable(FaafoError):
    """Raised when a tile is not rendered in time: no worker answers, or the broker is away."""


class WorkerLost(FaafoError):
    """Raised when a worker stops answering in the middle of a render."""


class BrokerUnavailable(FaafoError):
    """Raised when the message broker cannot be reached or refuses to talk to us."""


class ApiUnavailable(FaafoError):
    """Raised when the API cannot be reached, or answers that it is in trouble (5xx)."""


class ApiRefused(FaafoError):
    """Raised when the API refuses a request (4xx); ``status`` is the HTTP status code."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
