# SPDX-License-Identifier: Apache-2.0
"""The oslo.messaging driver ``inprocess://``: messages between threads of one process.

It is what ``faafo-all`` has in the place of a broker. Threads wait on conditions: ``fake://`` of
oslo.messaging polls every 50 ms, and knows no call monitor. Like a broker it passes copies, keeps
the messages of a queue while no server listens, and drops those that no queue is bound to.
"""

import json
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from oslo_messaging import MessagingTimeout, Target
from oslo_messaging._drivers import base, common


class Address(NamedTuple):
    """What a queue is bound to; ``server`` is None for what any server of the topic may take."""

    exchange: str
    topic: str
    server: str | None


class Call:
    """The caller's side of a call: waits for the answer, or for heartbeats until it is there.

    :param monitor: seconds after which a call without a heartbeat ends, None without a bound.
    """

    def __init__(self, monitor: float | None) -> None:
        self.monitor = monitor
        self._changed = threading.Condition()
        self._heard_at = time.monotonic()
        self._answer: tuple[Any, str | None] | None = None

    def answer(self, reply: Any, failure: str | None) -> None:
        """End the call; ``failure`` is a serialized exception, None for a success."""
        with self._changed:
            self._answer = self._answer or (reply, failure)
            self._changed.notify()

    def heartbeat(self) -> None:
        """Tell the caller that its call is still being served."""
        with self._changed:
            self._heard_at = time.monotonic()
            self._changed.notify()

    def wait(self, timeout: float | None) -> tuple[Any, str | None]:
        """Return the answer.

        :raises oslo_messaging.MessagingTimeout: after ``timeout`` seconds, or after ``monitor``
            seconds without a heartbeat.
        """
        latest = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while self._answer is None:
                seconds = self._left(latest)
                if seconds is not None and seconds <= 0:
                    raise MessagingTimeout("no answer in time")
                self._changed.wait(seconds)
            return self._answer

    def _left(self, latest: float | None) -> float | None:
        ends = [] if latest is None else [latest]
        if self.monitor is not None:
            ends.append(self._heard_at + self.monitor)
        return min(ends) - time.monotonic() if ends else None


class Message(base.RpcIncomingMessage):
    """A message that a server has taken from a queue."""

    def __init__(self, text: str, call: Call | None) -> None:
        content = json.loads(text)
        super().__init__(content["ctxt"], content["message"])
        self._call = call
        # The server sends heartbeats while it is set.
        self.client_timeout = call.monitor if call else None

    def reply(self, reply: Any = None, failure: Any = None) -> None:
        if self._call is not None:
            text = common.serialize_remote_exception(failure) if failure else None
            self._call.answer(json.loads(json.dumps(reply)), text)

    def requeue(self) -> None:
        """Do nothing: ``require_features`` says that messages cannot be queued again."""

    def heartbeat(self) -> None:
        if self._call is not None:
            self._call.heartbeat()


Entry = tuple[str, Call | None]


class Broker:
    """Queues by address, and the listeners that take messages from them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._queues: dict[Address, deque[Entry]] = {}
        self._listeners: list[Listener] = []

    def bind(self, listener: "Listener", addresses: Iterable[Address]) -> list[deque[Entry]]:
        """Let a listener take messages of queues, which are made unless they exist."""
        with self.lock:
            self._listeners.append(listener)
            return [self._queues.setdefault(address, deque()) for address in addresses]

    def remove(self, listener: "Listener") -> None:
        """Let a listener take no messages any more."""
        with self.lock:
            self._listeners = [one for one in self._listeners if one is not listener]

    def deliver(self, address: Address, entry: Entry, fanout: bool) -> None:
        """Queue a message, in the fanout queues of all listeners of the topic if ``fanout``."""
        with self.lock:
            for listener in self._listeners:
                if fanout and listener.topic == address[:2]:
                    listener.fanout.append(entry)
                    listener.arrived.notify()
            queue = None if fanout else self._queues.get(address)
            if queue is None:
                return
            queue.append(entry)
            for listener in self._listeners:
                if any(one is queue for one in listener.queues):
                    listener.arrived.notify()


class Listener(base.PollStyleListener):
    """Takes the messages of a server: its own, those of its topic, and fanout messages."""

    def __init__(self, broker: Broker, exchange: str, target: Target) -> None:
        super().__init__()
        self.topic = (exchange, target.topic)
        self.arrived = threading.Condition(broker.lock)
        self.fanout: deque[Entry] = deque()
        self._broker = broker
        self._stopped = False
        addresses = [Address(exchange, target.topic, name) for name in {target.server, None}]
        self.queues: list[deque[Entry]] = [self.fanout]
        self.queues += broker.bind(self, addresses)

    @base.batch_poll_helper
    def poll(self, timeout: float | None = None) -> Message | None:
        with self.arrived:
            self.arrived.wait_for(lambda: self._stopped or any(self.queues), timeout)
            if self._stopped:
                return None
            queue = next((one for one in self.queues if one), None)
            entry = queue.popleft() if queue else None
        return Message(*entry) if entry else None

    def stop(self) -> None:
        self._broker.remove(self)
        with self.arrived:
            self._stopped = True
            self.arrived.notify_all()


class InProcessDriver(base.BaseDriver):
    """The driver; all of a process with the same virtual host share their queues."""

    _brokers: "weakref.WeakValueDictionary[str | None, Broker]" = weakref.WeakValueDictionary()
    _lock = threading.Lock()

    def __init__(
        self, conf: Any, url: Any, default_exchange: str = "", allowed_remote_exmods: Any = None
    ) -> None:
        super().__init__(conf, url, default_exchange, allowed_remote_exmods)
        with self._lock:
            self._broker = self._brokers.setdefault(url.virtual_host, Broker())

    def send(
        self,
        target: Target,
        ctxt: dict[str, Any],
        message: dict[str, Any],
        wait_for_reply: bool | None = None,
        timeout: float | None = None,
        call_monitor_timeout: float | None = None,
        retry: int | None = None,
        transport_options: Any = None,
    ) -> Any:
        call = Call(call_monitor_timeout) if wait_for_reply else None
        address = Address(self._exchange(target), target.topic, target.server)
        text = json.dumps({"ctxt": ctxt, "message": message})
        self._broker.deliver(address, (text, call), bool(target.fanout))
        if call is None:
            return None
        reply, failure = call.wait(timeout)
        if failure is not None:
            raise common.deserialize_remote_exception(failure, self._allowed_remote_exmods)
        return reply

    def listen(self, target: Target, batch_size: int, batch_timeout: float | None) -> Any:
        listener = Listener(self._broker, self._exchange(target), target)
        return base.PollStyleListenerAdapter(listener, batch_size, batch_timeout)

    def send_notification(self, *_arguments: Any, **_named: Any) -> None:
        raise NotImplementedError("inprocess:// carries no notifications")

    def listen_for_notifications(self, *_arguments: Any, **_named: Any) -> Any:
        raise NotImplementedError("inprocess:// carries no notifications")

    def cleanup(self) -> None:
        """Do nothing: the queues end with the last driver."""

    def _exchange(self, target: Target) -> str:
        return target.exchange or self._default_exchange
