# SPDX-License-Identifier: Apache-2.0
"""All errors that faafo raises on purpose; they share one base class."""


class FaafoError(Exception):
    """Base class of errors that faafo can explain; the message is written for users."""


class ConfigurationError(FaafoError):
    """Raised when a service cannot start because of an option; names the option and its value."""


class InvalidSetting(FaafoError):
    """Raised when an option, or the mode of maintenance, cannot be set so; names value, bound."""


class SettingNotFound(FaafoError):
    """Raised when an option is not set."""


class DatabaseBehind(ConfigurationError):
    """Raised when the database schema is not at the revision that this version needs."""


class DatabaseUnavailable(FaafoError):
    """Raised when the database is unreachable or refuses the connection."""


class InvalidTask(FaafoError):
    """Raised when a field of a task is missing or out of bounds; names the field and the bound."""


class InvalidMessage(FaafoError):
    """Raised when an RPC message violates the contract; names the field."""


class InvalidQuery(FaafoError):
    """Raised when the search parameter ``q`` or the paging of a list is invalid."""


class LimitExceeded(FaafoError):
    """Raised when a fractal exceeds a limit of the operator; names the limit and its option."""


class QuotaExceeded(FaafoError):
    """Raised when a project has no room in its quota; names the limit and what is used."""


class QuotaNotFound(FaafoError):
    """Raised when there is no project whose quota the caller may see."""


class QueueFull(FaafoError):
    """Raised when the queue has reached ``[api] max_queued``."""


class Unauthenticated(FaafoError):
    """Raised without valid credentials; ``challenge`` is a value of ``WWW-Authenticate``."""

    def __init__(self, message: str, challenge: str = "") -> None:
        super().__init__(message)
        self.challenge = challenge


class Forbidden(FaafoError):
    """Raised when a rule of the policy refuses a request of this user; names the rule."""


class NoLogin(FaafoError):
    """Raised when a token is requested of a service that asks nobody for a login."""


class ProjectNeeded(FaafoError):
    """Raised when a user who logs in has to choose one of several projects; names them."""


class TooManyAttempts(FaafoError):
    """Raised when too many attempts to log in have failed; ``seconds`` says how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many failed attempts to log in; try again in {seconds} seconds")
        self.seconds = seconds


class IdentityUnavailable(FaafoError):
    """Raised when the identity service cannot say whether a token is valid: retry later."""


class FractalNotFound(FaafoError):
    """Raised when no fractal has the requested uuid."""


class CollectionNotFound(FaafoError):
    """Raised when there is no collection of the requested uuid that the caller may see."""


class CollectionReserved(FaafoError):
    """Raised when the favourites of a user are to be renamed or deleted."""


class InvalidCollection(FaafoError):
    """Raised when a collection cannot be named so, or is full; names the bound."""


class WebhookNotFound(FaafoError):
    """Raised when there is no webhook of the requested uuid in the caller's project."""


class DeliveryNotFound(FaafoError):
    """Raised when a webhook has no delivery of the requested number."""


class InvalidWebhook(FaafoError):
    """Raised when a webhook cannot be as requested; names the field and its bound."""


class FractalFixed(FaafoError):
    """Raised when a client tries to change an immutable field of a fractal."""


class WebhookDisabled(FaafoError):
    """Raised when a delivery is asked for to a webhook that is disabled; says why it is."""


class FractalExists(FaafoError):
    """Raised when a fractal is posted with the uuid of another one."""


class StaleAttempt(FaafoError):
    """Raised when a result belongs to an attempt other than the current one."""


class NothingToRetry(FaafoError):
    """Raised when a retry is requested for a fractal whose status is not ``error``."""


class LockConflict(FaafoError):
    """Raised when a lock is held by another, whom it names, or not under the token of a request."""


class StaleLock(FaafoError):
    """Raised when what is to be stored needs a lock that is not held under that token."""


class ReadOnly(FaafoError):
    """Raised when a read-only service is to change something; wait for ``seconds``."""

    def __init__(self, message: str, seconds: int = 60) -> None:
        super().__init__(message)
        self.seconds = seconds


class ImageNotFound(FaafoError):
    """Raised when the image store holds no image for a uuid."""


class InvalidImage(FaafoError):
    """Raised when an image does not match its checksum or its record."""


class StoreUnavailable(FaafoError):
    """Raised when the image store cannot be read or written."""


class StoreUnreachable(StoreUnavailable):
    """Raised when the image store does not answer or reports an internal error: retry later."""


class ImageRefused(FaafoError):
    """Raised when the image store refuses an image permanently: a retry is useless."""


class RenderFailed(FaafoError):
    """Raised when a render fails unexpectedly; the log of the worker has the traceback."""


class RenderCancelled(FaafoError):
    """Raised when a render is cancelled by its producer, or because its worker stops."""


class WorkerBusy(FaafoError):
    """Raised when a worker receives a task while all of its slots are occupied."""


class Overloaded(FaafoError):
    """Raised when a bulkhead has no free place: retry later."""


class TilesBusy(FaafoError):
    """Raised when ``[tiles] max_in_flight`` tiles are in flight already."""


class TileUnavailable(FaafoError):
    """Raised when a tile is not rendered in time: no worker answers, or no broker."""


class WorkerLost(FaafoError):
    """Raised when a worker sends no heartbeat during a render."""


class RenderTimeout(FaafoError):
    """Raised when a render takes longer than ``[rpc] render_timeout``, though its worker lives."""


class BrokerUnavailable(FaafoError):
    """Raised when the message broker is unreachable or refuses the connection."""


class RedisUnavailable(FaafoError):
    """Raised when Redis is unreachable, or refuses to store a state, as when it is full."""


class ApiUnavailable(FaafoError):
    """Raised when the API is unreachable or answers with 5xx.

    ``kind`` is the HTTP status as text, or ``connection``, ``timeout``, ``TLS`` or ``answer``, or
    ``identity`` when it is Keystone that cannot be reached.
    """

    def __init__(self, message: str, kind: str = "connection") -> None:
        super().__init__(message)
        self.kind = kind


class ApiRefused(FaafoError):
    """Raised when the API answers with 4xx; ``status`` is the HTTP status code."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class LoginRefused(ApiRefused):
    """Raised when Keystone refuses the login of a user of the command line."""


class FractalFailed(FaafoError):
    """Raised when a fractal that is waited for ends in error; the message has its fault."""


class WaitTimeout(FaafoError):
    """Raised when a fractal that is waited for is neither complete nor in error in time."""


class ServiceNotFound(FaafoError):
    """Raised when there is no service with the requested id."""


class ServiceFixed(FaafoError):
    """Raised when a service cannot be disabled, or is not down and cannot be deleted."""


class InvalidService(FaafoError):
    """Raised when what is told of a service contradicts itself; names the field."""


class NoStreams(FaafoError):
    """Raised when the HTTP server that runs the API cannot keep a stream without a thread."""
