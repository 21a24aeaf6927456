#!/usr/bin/python3
"""pika_client.py MODE HOST HEARTBEAT_S SECONDS (HEARTBEAT_S "server": what the server wants)

sleeper        publishes, sleeps without serving AMQP, publishes again
good           publishes every 45 s and serves AMQP all the time
idle           publishes once and serves AMQP all the time, so that heartbeats go out
slow-consumer  a consumer whose callback takes SECONDS, then acknowledges
clean          three messages and a clean close
confirms       publishes in confirm mode: 20 one by one, one that is unroutable, a burst of 60
confirms-slowly  the same twice a second, for SECONDS
consumer-acks  40 messages, qos 10: acknowledged singly, several at once, nacked, rejected
precondition   declares a queue with other arguments, then acknowledges a tag twice
channel-error  asks for a queue that is not there, goes on with another channel
"""
import sys
import time

import pika

mode, host, heartbeat, seconds = *sys.argv[1:4], float(sys.argv[4])
NAME = 'notify.product'
connection = pika.BlockingConnection(pika.ConnectionParameters(
    host, 5672, '/', pika.PlainCredentials('guest', 'guest'),
    heartbeat=None if heartbeat == 'server' else int(heartbeat),
    client_properties={'connection_name': 'admin-notify'}))
channel = connection.channel()
channel.exchange_declare(exchange=NAME, exchange_type='direct', durable=True)
channel.queue_declare(queue=NAME, durable=True)
channel.queue_bind(NAME, NAME, NAME)


def publish(n):
    channel.basic_publish(exchange=NAME, routing_key=NAME,
                          body='{"msg": "product %d changed"}' % n)


def serve(publish_every):
    began = time.monotonic()
    due, n = began + publish_every, 1
    while time.monotonic() < began + seconds:
        if time.monotonic() >= due:
            n += 1
            publish(n)
            due += publish_every
        connection.process_data_events(time_limit=1)


def consume_slowly(channel, method, properties, body):
    time.sleep(seconds)
    channel.basic_ack(method.delivery_tag)


if mode == 'slow-consumer':
    channel.queue_declare(queue='report.jobs', durable=True)
    channel.queue_purge('report.jobs')
    channel.basic_publish('', 'report.jobs', b'{"job":"monthly-report"}')
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume('report.jobs', consume_slowly)
    channel.start_consuming()
if mode in ('confirms', 'confirms-slowly'):
    channel.confirm_delivery()
publish(1)
if mode == 'confirms':
    for n in range(2, 21):
        publish(n)
    try:
        channel.basic_publish('', 'no.such.queue', b'lost?', mandatory=True)
    except pika.exceptions.UnroutableError as error:
        print(error)
    burst = connection.channel()._impl  # the blocking channel would wait for each
    burst.confirm_delivery(lambda frame: None)
    for n in range(21, 81):
        burst.basic_publish(NAME, NAME, b'{"msg": "product %d changed"}' % n)
    connection.process_data_events(time_limit=1)
elif mode == 'confirms-slowly':
    end, n = time.monotonic() + seconds, 1
    while time.monotonic() < end:
        n += 1
        publish(n)                      # returns when it is confirmed
        connection.process_data_events(time_limit=0.5)
elif mode == 'consumer-acks':
    channel.queue_purge(NAME)
    for n in range(40):
        publish(n)
    channel.basic_qos(prefetch_count=10)
    seen = []
    for method, properties, body in channel.consume(NAME, inactivity_timeout=1):
        if method is None:
            break
        seen.append(method.delivery_tag)
        if method.redelivered:
            channel.basic_ack(method.delivery_tag)
        elif len(seen) <= 10:
            channel.basic_ack(method.delivery_tag)
        elif len(seen) == 15:
            channel.basic_nack(method.delivery_tag, multiple=True, requeue=True)
        elif len(seen) == 20:
            channel.basic_reject(method.delivery_tag, requeue=False)
        elif len(seen) > 15 and len(seen) % 5 == 0:
            channel.basic_ack(method.delivery_tag, multiple=True)
    channel.basic_ack(seen[-1], multiple=True) if len(seen) % 5 else None
    channel.cancel()
    print(channel.basic_get(NAME))
elif mode == 'precondition':
    def refused(ask):
        global channel
        try:
            ask()
            connection.process_data_events(time_limit=1)
        except pika.exceptions.ChannelClosedByBroker as error:
            print(error)
        channel = connection.channel()

    refused(lambda: channel.queue_declare(queue=NAME, durable=False))
    method, properties, body = channel.basic_get(NAME)
    channel.basic_ack(method.delivery_tag)
    refused(lambda: channel.basic_ack(method.delivery_tag))
elif mode == 'sleeper':
    time.sleep(seconds)
    publish(2)
    time.sleep(1)
    publish(3)
elif mode == 'good':
    serve(45)
elif mode == 'idle':
    serve(seconds + 1)
elif mode == 'clean':
    for n in (2, 3):
        time.sleep(0.5)
        publish(n)
elif mode == 'channel-error':
    try:
        channel.queue_declare(queue='no.such.queue', passive=True)
    except pika.exceptions.ChannelClosedByBroker as error:
        print(error)
    channel = connection.channel()
    publish(2)
    time.sleep(seconds)
connection.close()
