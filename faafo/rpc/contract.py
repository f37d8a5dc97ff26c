# SPDX-License-Identifier: Apache-2.0
"""The contract of producers and workers: exchanges, topics, versions, errors that may travel."""

from collections.abc import Mapping

import oslo_messaging

from faafo.fractal.kinds import TaskKind

EXCHANGE = "faafo"
VERSION = "1.0"
CANCEL_VERSION = "1.1"
PALETTE_VERSION = "1.2"
BATCH_VERSION = "1.3"
INSTRUCT_VERSION = "1.4"
DRAWING_VERSION = "1.5"
PARTS_VERSION = "1.6"
FILMS_VERSION = "1.7"
SCALE_VERSION = "1.1"
TILE_DRAWING_VERSION = "1.2"
PICTURE_TILE_VERSION = "1.3"
TASKS_TOPIC = "tasks"
JOINS_TOPIC = "joins"
FILMS_TOPIC = "films"
PRODUCERS_TOPIC = "producers"
TILES_EXCHANGE = "faafo_tiles"
TILES_TOPIC = "tiles"
ERROR_MODULES = ["faafo.errors"]
# oslo.messaging appends this to the class name of an error that has travelled.
REMOTE_POSTFIX = "_Remote"
# What a server raises for a call of a later version; it travels as a RemoteError of this type.
TOO_OLD = oslo_messaging.UnsupportedVersion.__name__

# process(ctxt, task) -> result, and since 1.1 cancel(ctxt, uuid), on TASKS_TOPIC. Since 1.2 a task
# may name a palette; without one it has the original palette. Since 1.3 process_all(ctxt, tasks)
# and find_all(ctxt, tasks) return the outcomes of several tasks. ctxt, and each of several tasks,
# may hold request_id and traceparent, by which the log lines and spans of a fractal are found.
# Since 1.4 instruct(ctxt, disabled, reason), a cast, tells a worker whether it takes tasks and
# tiles, and configure(ctxt, version, settings), a cast, the settings. Since 1.5 a task may have all
# fields of a fractal.drawing.Drawing; without them they have their defaults. Since 1.6 it may have
# a part, a fractal.parts.Band or Join; without one the whole picture is rendered. Since 1.7 that
# part may be a FilmJoin.
TASKS = oslo_messaging.Target(exchange=EXCHANGE, topic=TASKS_TOPIC, version=VERSION)
TASKS_SERVED = oslo_messaging.Target(version=FILMS_VERSION)
# What is of another kind than a render comes to process(ctxt, task) on a topic of its own, perhaps
# on another broker: [joins] transport_url. Only a worker that reports kinds listens there. One
# that does not, and a producer that knows none, use TASKS_TOPIC for joins, too: so a worker that
# joins takes them there as well. All other methods are on TASKS_TOPIC, where each worker listens.
JOINS = oslo_messaging.Target(exchange=EXCHANGE, topic=JOINS_TOPIC, version=VERSION)
FILMS = oslo_messaging.Target(exchange=EXCHANGE, topic=FILMS_TOPIC, version=VERSION)
OF_KIND: Mapping[TaskKind, oslo_messaging.Target] = {
    TaskKind.RENDER: TASKS,
    TaskKind.JOIN: JOINS,
    TaskKind.FILM: FILMS,
}
# render_tile(ctxt, view) -> the fields of a fractal.tile.Tile, on TILES_TOPIC. It has an exchange
# of its own, because its queues are transient: all queues of an exchange are of one kind. Since
# 1.1 a view may have a scale; without one it is 1. Since 1.2 it may have all fields of a Drawing.
# Since 1.3 it may be that of a fractal.picture_tile.PictureTile.
TILES = oslo_messaging.Target(exchange=TILES_EXCHANGE, topic=TILES_TOPIC, version=VERSION)
TILES_SERVED = oslo_messaging.Target(version=PICTURE_TILE_VERSION)
# ping(ctxt), on every topic
LIVENESS = oslo_messaging.Target(namespace="pulse", version="1.0")
# report(ctxt, server, slots, busy, busy_for, version), a fanout cast on PRODUCERS_TOPIC. ctxt may
# hold rows_done, the number of rendered rows by uuid, and takes_batches, whether the worker serves
# process_all and find_all. What the registry of services shows may be there, too: disabled,
# draining, stopped, host, age, work, configuration; a worker that tells disabled serves instruct.
# settings is the number of changes of settings that it knows, if it serves configure; parameters is
# the version of the drawing parameters that it knows, 1 if it does not say. kinds and labels are
# what it serves; without kinds it is renders and joins that ask for no label. Since a producer that
# knows no kinds would give it both, a worker that does not serve both says in slots that it has
# none, and in all_slots how many there are.
PRODUCERS = oslo_messaging.Target(exchange=EXCHANGE, topic=PRODUCERS_TOPIC, version=VERSION)
# ping(ctxt), of readers, on the broker of events
READERS = oslo_messaging.Target(exchange=EXCHANGE, topic="readers", version=VERSION)
