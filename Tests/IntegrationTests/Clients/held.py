"""A statement that waits for a reviewer, sent by the extended protocol with a parameter."""

import sys

import psycopg
from psycopg import sql

notices = []
with psycopg.connect(autocommit=True) as connection:
    connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    table = sql.Identifier(sys.argv[1])
    statement = sql.SQL("WITH gone AS (DELETE FROM {} RETURNING id) SELECT count(*) + %s::int FROM gone").format(table)
    assert connection.execute(statement, [100]).fetchone() == (105,)
    assert notices, "no notice came"
    assert connection.execute("SELECT %s::int", [1]).fetchone() == (1,)
print("ok")
