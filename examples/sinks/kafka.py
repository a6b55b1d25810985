#!/usr/bin/env python3
"""A sink of your own: sends events to a Kafka topic. Usage: kafka.py TOPIC NAME=VALUE…

NAME=VALUE are librdkafka's settings: `bootstrap.servers=kafka:9092`, `security.protocol=SSL`. The key of a message is the
session, so that a session's events stay in their order; the header `id` tells events that came twice.
"""
import json
import sys

from confluent_kafka import Producer

# Less than the `timeout` of the sink in sluice.yaml: a broker that is away is that batch's failure, not a silence.
PATIENCE = 20


def main():
    topic = sys.argv[1]
    settings = dict(argument.split("=", 1) for argument in sys.argv[2:])
    # No gap and no second copy within this process, and a message counts when all replicas in sync have it.
    producer = Producer({"enable.idempotence": True, "acks": "all", "message.timeout.ms": PATIENCE * 1000, **settings})
    failures = []
    last = None

    def delivered(error, message):
        if error is not None:
            failures.append(error)

    for line in sys.stdin:
        if not line.endswith("\n"):
            break
        if line != "\n":
            event = json.loads(line)
            last = event["metadata"]["uid"]
            producer.produce(
                topic, line.rstrip("\n"), key=event["metadata"]["correlation_uid"], headers={"id": last},
                on_delivery=delivered)
            producer.poll(0)
            continue
        if producer.flush(PATIENCE + 1) > 0 or failures:
            # Sluice starts this program again, and sends again what it did not accept.
            sys.exit(f"not delivered: {failures[:1]}")
        print(last, flush=True)


main()
