"""Whether outputs tell a right guess of a masked column from a wrong one.

Arguments: "alike" or "unlike", a right guess, a wrong one. Every expression stands in every kind of statement, with both
guesses: the bytes of the answers must be alike, or for somebody who sees the column, unlike.
"""

import sys

from wire import Wire

EXPRESSIONS = [
    "nullif(email, 'GUESS')",
    "upper(nullif(email, 'GUESS'))",
    "coalesce(nullif(email, 'GUESS'), 'none')",
    "CASE WHEN email = 'GUESS' THEN 'yes' END",
    "CASE email WHEN 'GUESS' THEN name END",
    "CASE WHEN email = 'GUESS' THEN 1 END",
    "nullif(email, 'GUESS')::varchar(9)",
    "nullif((email = 'GUESS')::text, 'true')",
    "substring(email from '^GUESS')",
    "(regexp_match(email, '^GUESS'))[1]",
    "to_jsonb(nullif(email, 'GUESS'))",
    "nullif(to_json(email)::text, '\"GUESS\"')::json",
    "string_to_array(nullif(email, 'GUESS'), '@')",
    "email = 'GUESS'",
    "(SELECT i.name FROM customers i WHERE i.id = c.id AND i.email = 'GUESS')",
    "(c).email || (SELECT i.name FROM customers i WHERE i.id = c.id AND i.email <> 'GUESS')",
]
AGGREGATES = [
    "max(nullif(email, 'GUESS'))",
    "string_agg(name, ',') FILTER (WHERE email = 'GUESS')",
    "count(nullif(email, 'GUESS'))",
    "count(*) FILTER (WHERE email = 'GUESS')",
    "count(CASE WHEN email = 'GUESS' THEN 1 END)",
    "bool_or(email = 'GUESS')",
]
QUERIES = [
    "SELECT EXPRESSION FROM customers c WHERE id = 1",
    "SELECT EXPRESSION AS email FROM customers c WHERE id = 1",
    "SELECT x FROM (SELECT EXPRESSION AS x FROM customers c WHERE id = 1) s",
    "WITH s AS MATERIALIZED (SELECT EXPRESSION AS x FROM customers c WHERE id = 1) SELECT x, s FROM s",
    "SELECT EXPRESSION FROM customers c WHERE id = 1 UNION ALL SELECT NULL",
    "SELECT (SELECT EXPRESSION FROM customers c WHERE id = 1)",
]
WRITES = [
    "UPDATE customers c SET active = active WHERE id = 1 RETURNING EXPRESSION",
    "WITH w AS (UPDATE customers c SET active = active WHERE id = 1 RETURNING EXPRESSION AS x) SELECT x FROM w",
]
# What a write puts into the column itself.
CHANGES = [
    "UPDATE customers SET ssn = nullif(ssn, 'NUMBER') WHERE id = 1 RETURNING ssn",
    "UPDATE customers SET ssn = CASE WHEN ssn <> 'NUMBER' THEN ssn END WHERE id = 1 RETURNING *",
]
COPIES = ["COPY (QUERY) TO STDOUT (FORMAT text)", "COPY (QUERY) TO STDOUT (FORMAT csv)",
          "COPY (QUERY) TO STDOUT (FORMAT csv, NULL '[redacted]')", "COPY (QUERY) TO STDOUT (FORMAT binary)"]


def data(messages):
    """All that came but the server's own errors, of which there are none."""
    assert not [payload for kind, payload in messages if kind == b"E"], messages
    assert [kind for kind, _ in messages if kind in (b"D", b"d")], messages
    return messages


def extended(wire, sql, binary):
    wire.parse(sql)
    wire.bind(binary=binary)
    wire.describe_portal()
    wire.execute()
    wire.sync()
    return wire.ready()


def fetched(wire, sql):
    wire.ask("BEGIN")
    wire.ask("DECLARE o CURSOR FOR " + sql)
    messages = wire.ask("FETCH ALL FROM o")
    again = wire.ask("COMMIT")
    assert again[0] == (b"C", b"COMMIT\0"), again
    return messages


def undone(wire, sql):
    wire.ask("BEGIN")
    messages = wire.ask(sql)
    wire.ask("ROLLBACK")
    return messages


def ways(query, every):
    """Ways to run a query, as (name, function of wire and text)."""
    yield query, lambda wire, sql: wire.ask(sql)
    yield "binary: " + query, lambda wire, sql: extended(wire, sql, True)
    for copy in COPIES if every else COPIES[:1]:
        yield copy.replace("QUERY", query), lambda wire, sql, copy=copy: wire.ask(copy.replace("QUERY", sql))
    if every:
        yield "text: " + query, lambda wire, sql: extended(wire, sql, False)
        yield "FETCH: " + query, fetched


def cases():
    for query in QUERIES:
        for expression in EXPRESSIONS + AGGREGATES:
            text = query.replace("EXPRESSION", expression)
            for name, run in ways(text, query is QUERIES[0]):
                yield name, text, run
    for write in WRITES:
        for expression in EXPRESSIONS:
            text = write.replace("EXPRESSION", expression)
            for binary in (False, True):
                yield text, text, lambda wire, sql, binary=binary: extended(wire, sql, binary)
            if write is WRITES[0]:
                yield "COPY " + text, text, lambda wire, sql: wire.ask(f"COPY ({sql}) TO STDOUT")
    for change in CHANGES:
        yield change, change, undone


def main(expected, right, wrong):
    wire = Wire().login()
    failed, count = [], 0
    for name, text, run in cases():
        answers = []
        for guess in (right, wrong):
            email, number = guess.split(" ")
            answers.append(data(run(wire, text.replace("GUESS", email).replace("NUMBER", number))))
        count += 1
        if (answers[0] == answers[1]) != (expected == "alike"):
            failed.append((name, answers))
    for name, answers in failed:
        print(name, answers[0], answers[1], sep="\n  ")
    assert not failed, f"{len(failed)} of {count}"
    assert count > 500, count


main(*sys.argv[1:])
