"""Rows of a simple query, then of one in the extended protocol with other names for its columns."""
import psycopg

with psycopg.connect("", autocommit=True) as connection:
    print(connection.execute("SELECT id AS former, name AS former_name FROM customers WHERE id = 7").fetchone()[0])
    print(connection.execute("SELECT email AS latter, phone AS place FROM customers WHERE id = %s", (7,)).fetchone()[0])
    for binary in (False, True):
        cursor = connection.cursor(binary=binary)
        print(cursor.execute("SELECT id AS number, email AS address FROM customers WHERE id = %s", (8,)).fetchone()[0])
