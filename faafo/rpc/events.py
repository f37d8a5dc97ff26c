# SPDX-License-Identifier: Apache-2.0
"""Events on the bus: notifications of oslo.messaging, published and listened to."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_messaging.notify.listener import BatchNotificationServer
from oslo_messaging.transport import NotificationTransport

from faafo import errors
from faafo.rpc.listening import Listening
from faafo.rpc.transport import EVENTS_OPTION, get_events_transport, shown_url
from faafo.urls import masked_text

# It has no envelope without one: https://docs.openstack.org/oslo.messaging/latest/reference/notifier
DRIVER = "messagingv2"
# Connections that one publish tries, beside the one that it has.
RETRIES = 1
# The most events that are handed over together, and the seconds that they wait for others.
BATCH_SIZE = 200
BATCH_SECONDS = 0.05

Payload = dict[str, Any]
# Takes the payloads of events; tells whether they were all stored.
Store = Callable[[Sequence[Payload]], bool]


class _Unpublished(BaseException):
    """Passes through the ``except Exception`` of driver and notifier, which only log an error."""


class _ConfirmedTransport(NotificationTransport):
    """Tells who publishes that it has failed; the broker confirms each message."""

    def _send_notification(self, *arguments: Any, **named: Any) -> None:
        try:
            super()._send_notification(*arguments, **named)
        # Whatever a driver or its library raises, the message has not been published for sure.
        except Exception as error:
            raise _Unpublished(str(error) or type(error).__name__) from None


class Publisher:
    """Publishes events; may be shared by threads.

    The first event declares the durable queue ``<topic>.info``, so that none is lost while nobody
    listens.

    :param name: of the notifier.
    """

    def __init__(self, transport: NotificationTransport, topic: str, name: str) -> None:
        self._shown = shown_url(transport)
        self._notifier = oslo_messaging.Notifier(
            _ConfirmedTransport(transport._driver),
            publisher_id=f"faafo.{name}",
            driver=DRIVER,
            topics=[topic],
            retry=RETRIES,
        )

    def publish(self, deliveries: Sequence[Mapping[str, Any]]) -> None:
        """Publish the events of deliveries, as the API has answered them, in this order.

        The payload of a notification is the body of the event and its uuid as ``event``.

        :raises faafo.errors.BrokerUnavailable: when the broker has not confirmed one; it and those
            after it may have been published or not.
        """
        try:
            for one in deliveries:
                event = one["event"]
                payload = {**json.loads(event["body"]), "event": event["uuid"]}
                self._notifier.info({}, event["type"], payload)
        except _Unpublished as error:
            raise errors.BrokerUnavailable(
                f"{EVENTS_OPTION} = {self._shown}: {masked_text(str(error))}"
            ) from None


def open_publisher(conf: cfg.ConfigOpts, name: str) -> Publisher | None:
    """Return what publishes events; None without ``[events] transport_url``.

    :raises faafo.errors.ConfigurationError: when that is not valid, or names no broker.
    """
    if not conf.events.transport_url:
        return None
    return Publisher(get_events_transport(conf), conf.events.topic, name)


class EventListener(Listening):
    """Hands the payloads of events over to ``store``, some at a time, and in one thread.

    Events that it has not stored are queued again.

    :param pool: listeners of one pool share the events; None: they share ``<topic>.info``.
    """

    def __init__(
        self, transport: NotificationTransport, topic: str, pool: str | None, store: Store
    ) -> None:
        super().__init__(transport, 1, EVENTS_OPTION)
        self._target = oslo_messaging.Target(topic=topic)
        self._pool = pool
        self._endpoint = _Endpoint(store)

    def _make(self) -> BatchNotificationServer:
        return oslo_messaging.get_batch_notification_listener(
            self._transport,
            [self._target],
            [self._endpoint],
            allow_requeue=True,
            pool=self._pool,
            batch_size=BATCH_SIZE,
            batch_timeout=BATCH_SECONDS,
        )


class _Endpoint:
    def __init__(self, store: Store) -> None:
        self._store = store
        # While the broker comes back, the listener before may still be at work.
        self._one_at_a_time = threading.Lock()

    def info(self, messages: Sequence[dict[str, Any]]) -> str:
        with self._one_at_a_time:
            stored = self._store([one["payload"] for one in messages])
        result = oslo_messaging.NotificationResult
        return str(result.HANDLED if stored else result.REQUEUE)
