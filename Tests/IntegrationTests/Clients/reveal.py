"""Asks for a token's value in the extended protocol, prepared and not, and then in the simple one."""
import sys

import psycopg

token = sys.argv[1]
with psycopg.connect("", autocommit=True) as connection:
    for sql, parameters in [("SELECT sluice.reveal(%s)", (token,)), (f"SELECT sluice.reveal('{token}')", None)]:
        try:
            print(connection.execute(sql, parameters, prepare=True).fetchall())
        except psycopg.Error as error:
            print(error.sqlstate)
    print(connection.execute(f"SELECT sluice.reveal('{token}')").fetchone()[1])
    print(connection.execute("SELECT 'usable'").fetchone()[0])
