"""Masked places within values, as psycopg reads them in both formats."""

import psycopg

MASKED = {"user": {"email": "a***@example.com", "n": 1}}

with psycopg.connect("", autocommit=True) as connection:
    for binary in (False, True):
        with connection.cursor(binary=binary) as cursor:
            rows = cursor.execute("SELECT payload, doc, list, raw FROM events ORDER BY id").fetchall()
            assert len(rows) == 3, rows
            for payload, doc, items, raw in rows:
                assert payload == MASKED and doc == MASKED and items == [MASKED], (payload, doc, items)
                assert "a***@example.com" in raw, raw
            for labels, note in cursor.execute("SELECT labels, note FROM events").fetchall():
                shown = repr((labels, note))
                assert "a***@example.com" in shown and "alice" not in shown, shown
    with connection.transaction(), connection.cursor(name="served", binary=True) as cursor:
        cursor.execute("SELECT doc FROM events")
        for (doc,) in cursor:
            assert "alice" not in repr(doc), doc
    for options in ("", " (FORMAT csv)", " (FORMAT binary)"):
        with connection.cursor() as cursor:
            with cursor.copy("COPY events (payload, doc, labels, note, raw, list) TO STDOUT" + options) as copy:
                data = b"".join(bytes(part) for part in copy)
            assert b"alice" not in data and data.count(b"a***@example.com") == 18, data
print("fine")
