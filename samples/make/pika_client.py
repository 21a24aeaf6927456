#!/usr/bin/python3
"""pika_client.py MODE HOST HEARTBEAT_S SECONDS (HEARTBEAT_S "server": what the server wants)

sleeper        publishes, sleeps without serving AMQP, publishes again
good           publishes every 45 s and serves AMQP all the time
idle           publishes once and serves AMQP all the time, so that heartbeats go out
slow-consumer  a consumer whose callback takes SECONDS, then acknowledges
clean          three messages and a clean close
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
publish(1)
if mode == 'sleeper':
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
