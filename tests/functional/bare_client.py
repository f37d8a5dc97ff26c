# SPDX-License-Identifier: Apache-2.0
"""A client of topic ``tasks`` that knows oslo.messaging and nothing of faafo; run as a script.

Usage: bare_client.py TRANSPORT_URL TASK_AS_JSON, prints the answer as JSON.
"""

import json
import sys

import oslo_messaging
from oslo_config import cfg


def main() -> None:
    cfg.CONF([])
    transport = oslo_messaging.get_rpc_transport(cfg.CONF, url=sys.argv[1])
    # All who use an exchange must declare it alike.
    cfg.CONF.set_override("amqp_durable_queues", True, group="oslo_messaging_rabbit")
    target = oslo_messaging.Target(exchange="faafo", topic="tasks", version="1.0")
    client = oslo_messaging.get_rpc_client(transport, target, timeout=120)
    print(json.dumps(client.call({}, "process", task=json.loads(sys.argv[2]))))
    transport.cleanup()


if __name__ == "__main__":
    main()
