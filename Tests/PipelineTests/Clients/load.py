"""Transactions like pgbench's from several connections, going on after errors, until standard input closes.

pgbench ends a client at its first error that is no serialisation failure; this goes on, so that what comes
after a stage's restart is seen. Every answer is checked. Prints one JSON object: transactions committed, wrong answers,
and errors by SQLSTATE.
"""

import collections
import json
import os
import sys
import threading

import psycopg

CLIENTS = int(sys.argv[1])
ACCOUNTS = 400_000
MASKED = os.environ.get("MASKED") == "1"
stop = threading.Event()
lock = threading.Lock()
report = {"committed": 0, "wrong": [], "errors": collections.Counter(), "messages": []}


def transaction(connection, client, number):
    delta = number % 100 - 50
    account = (client * 50_021 + number * 7) % ACCOUNTS + 1
    with connection.transaction():
        connection.execute("UPDATE pgbench_accounts SET abalance = abalance + %s WHERE aid = %s", [delta, account])
        found = connection.execute("SELECT aid, %s::int FROM pgbench_accounts WHERE aid = %s", [number, account]).fetchone()
        if found != (account, number):
            with lock:
                report["wrong"].append([client, number, str(found)])
        connection.execute("UPDATE pgbench_tellers SET tbalance = tbalance + %s WHERE tid = %s", [delta, client + 1])
        connection.execute("UPDATE pgbench_branches SET bbalance = bbalance + %s WHERE bid = %s", [delta, client % 4 + 1])
        connection.execute(
            "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (%s, %s, %s, %s, now())",
            [client + 1, client % 4 + 1, account, delta])
    with lock:
        report["committed"] += 1
    # A text that no one has sent before: no decision is remembered for it.
    found = connection.execute(f"SELECT {number} AS client_{client}_number_{number}").fetchone()
    if found != (number,):
        with lock:
            report["wrong"].append([client, number, str(found)])
    row = connection.execute("SELECT id, email, ssn FROM customers WHERE id = %s", [number % 1000 + 1]).fetchone()
    shown = "example.com" in str(row[1]) or any(character.isdigit() for character in str(row[2]))
    if row[0] != number % 1000 + 1 or shown == MASKED:
        with lock:
            report["wrong"].append([client, number, str(row)])


def give_up(connection):
    """Ends the transaction that an error left behind; when that is refused too, the next round tries again."""
    if connection is None or connection.closed:
        return
    try:
        connection.rollback()
    except psycopg.Error as error:
        with lock:
            report["errors"][error.sqlstate or "none"] += 1


def run(client):
    connection = None
    number = 0
    while not stop.is_set():
        number += 1
        try:
            if connection is None or connection.closed:
                connection = psycopg.connect(autocommit=True, connect_timeout=20)
            if connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                transaction(connection, client, number)
            else:
                give_up(connection)
        except psycopg.Error as error:
            with lock:
                report["errors"][error.sqlstate or "none"] += 1
                if len(report["messages"]) < 20:
                    report["messages"].append(str(error))
            give_up(connection)
            stop.wait(0.01)
    if connection is not None:
        connection.close()


threads = [threading.Thread(target=run, args=[client]) for client in range(CLIENTS)]
for thread in threads:
    thread.start()
print("running", flush=True)
sys.stdin.read()
stop.set()
for thread in threads:
    thread.join()
print(json.dumps(report))
