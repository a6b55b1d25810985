"""Every type of PostgreSQL, read as the protocol carries it: in text, in binary, and by COPY in three formats.

`setup` prints the SQL that makes the table `typed`: of each type a column, whose first row holds nothing sensitive and
whose second row holds something. `read` prints a line for each value: how it was read, column, row, its bytes.
`unreadable` reads a value that no masker can read.
"""

import csv
import io
import sys

import psycopg
from psycopg import pq

CARD = "4111111111111111"
EMAIL = "alice@example.com"

# Type, a value with nothing in it, one with something (None where the type can hold nothing).
TYPES = [
    ("text", "plain", f"to {EMAIL}"),
    ("varchar(40)", "plain", EMAIL),
    ("char(20)", "plain", EMAIL),
    ("name", "plain", EMAIL),
    ("xml", "<a>b &amp; c</a>", "<a>alice&#64;example.com</a>"),
    ("json", '{"a": 1}', '{"a": "alice\\u0040example.com"}'),
    ("jsonb", '{"a": 1}', f'{{"a": ["{EMAIL}", {CARD}]}}'),
    ("jsonpath", "$.a", f'$."{EMAIL}"'),
    ("bytea", "\\x00ff", "\\x" + EMAIL.encode().hex()),
    ("int2", "7", None),
    ("int4", "-7", None),
    ("int8", "-7", CARD),
    ("numeric", "1.50", CARD + ".00"),
    ("numeric(40,4)", "-0.0001", "-" + CARD),
    ("float4", "1.5", None),
    ("float8", "-1.5e300", CARD),
    ("money", "12.34", CARD),
    ("boolean", "t", None),
    ("date", "1980-05-17", None),
    ("time", "12:34:56.789", None),
    ("timetz", "12:34:56+05:30", None),
    ("timestamp", "1980-05-17 12:34:56.789", None),
    ("timestamptz", "1980-05-17 12:34:56+02", None),
    ("interval", "1 year 2 mons -3 days 04:05:06", None),
    ("inet", None, "10.0.0.1/8"),
    ("inet", None, "2001:db8::1"),
    ("cidr", None, "10.0.0.0/8"),
    ("macaddr", None, "08:00:2b:01:02:03"),
    ("macaddr8", None, "08:00:2b:01:02:03:04:05"),
    ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", None),
    ("bit(4)", "1010", None),
    ("varbit", "10101", None),
    ("point", "(1,2)", f"({CARD},0)"),
    ("lseg", "[(1,2),(3,4)]", f"[(1,2),({CARD},4)]"),
    ("path", "[(1,2),(3,4)]", f"(({CARD},2))"),
    ("box", "(3,4),(1,2)", f"({CARD},4),(1,2)"),
    ("polygon", "((1,2),(3,4))", f"((1,2),(3,{CARD}))"),
    ("line", "{1,2,3}", f"{{{CARD},2,3}}"),
    ("circle", "<(1,2),3>", f"<(1,2),{CARD}>"),
    ("pg_lsn", "16/B374D848", None),
    ("oid", "42", None),
    ("xid8", "42", None),
    ("regclass", "pg_class", None),
    ("regtype", "integer", None),
    ("pg_snapshot", "10:20:10,14", None),
    ("tsvector", "'cat':1 'fat':2A", f"'{EMAIL}':1"),
    ("tsquery", "'fat' & !'cat'", f"'fat' <-> '{EMAIL}'"),
    ("int4range", "[1,10)", None),
    ("int8range", "[1,10)", f"[1,{CARD})"),
    ("numrange", "(1.5,2.5]", f"({CARD},)"),
    ("tsrange", '["2000-01-01 00:00:00",)', None),
    ("tstzrange", "empty", None),
    ("daterange", "[1980-05-17,1980-05-18)", None),
    ("int8multirange", "{[1,3),[5,9)}", f"{{[1,3),[5,{CARD})}}"),
    ("nummultirange", "{(,1.5)}", f"{{[{CARD},)}}"),
    ("datemultirange", "{}", None),
    ("text[]", '{a,"b c",NULL}', f'{{a,"to {EMAIL}",NULL}}'),
    ("text[]", "[0:1]={a,b}", f"{{{{a,{EMAIL}}},{{b,c}}}}"),
    ("int8[]", "{1,2}", f"{{1,{CARD}}}"),
    ("jsonb[]", '{"{\\"a\\": 1}"}', f'{{"{{\\"a\\": \\"{EMAIL}\\"}}"}}'),
    ("bytea[]", '{"\\\\x00"}', f'{{"\\\\x{EMAIL.encode().hex()}"}}'),
    ("inet[]", None, "{10.0.0.1}"),
    ("box[]", "{(3,4),(1,2);(7,8),(5,6)}", f"{{({CARD},4),(1,2)}}"),
    ("int8range[]", '{"[1,10)"}', f'{{"[1,{CARD})"}}'),
    ("mood", "happy", None),
    ("mood[]", "{happy}", None),
    ("citext", "plain", EMAIL),
    ("hstore", '"a"=>"1", "b"=>NULL', f'"a"=>"q\\"{EMAIL}"'),
    ("ltree", "a.b.c", None),
    ("place", '(1,"a b",)', f'(1,"to {EMAIL}",)'),
    ("place", '(2,"q""x\\\\y",{1})', f"({CARD},x,)"),
    ("place", "(,,)", f"(3,,{{{CARD}}})"),
    ("place[]", '{"(1,a,)"}', f'{{"(1,{EMAIL},)"}}'),
    ("spot", '("(1,a,)",t)', f'("(1,""{EMAIL}"",)",t)'),
    ("mail", "plain", EMAIL),
    ("mail[]", "{plain}", f"{{{EMAIL}}}"),
]

SETUP = """
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TYPE place AS (number int8, words text, numbers int8[]);
CREATE TYPE spot AS (inside place, really boolean);
CREATE DOMAIN mail AS text;
CREATE TYPE span AS RANGE (subtype = float8);
"""


def literal(value):
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def setup():
    columns = ", ".join(f"v{number} {kind}" for number, (kind, _, _) in enumerate(TYPES))
    rows = ", ".join("(" + ", ".join(literal(t[place]) for t in TYPES) + ")" for place in (1, 2))
    print(SETUP, f"CREATE TABLE typed ({columns});", f"INSERT INTO typed VALUES {rows};")


def show(how, column, row, value):
    print(how, TYPES[column][0].replace(" ", ""), column, row, "NULL" if value is None else "=" + value.hex())


def read():
    with psycopg.connect(autocommit=True) as connection:
        raw = connection.pgconn
        for how in (0, 1):
            result = raw.exec_params(b"SELECT * FROM typed", [], result_format=how)
            assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
            assert result.nfields == len(TYPES) and result.ntuples == 2
            for row in range(2):
                for column in range(result.nfields):
                    assert result.fformat(column) == how
                    show(("text", "binary")[how], column, row, result.get_value(row, column))
        # As the client library reads them.
        for binary in (False, True):
            assert len(connection.cursor(binary=binary).execute("SELECT * FROM typed").fetchall()) == 2
        for format in ("text", "csv", "binary"):
            with connection.cursor() as cursor, cursor.copy(f"COPY typed TO STDOUT (FORMAT {format})") as copy:
                if format == "csv":
                    data = b"".join(bytes(part) for part in copy).decode()
                    for row, values in enumerate(csv.reader(io.StringIO(data))):
                        for column, value in enumerate(values):
                            show("copy-csv", column, row, value.encode() or None)
                    continue
                if format == "binary":
                    copy.set_types(["bytea"] * len(TYPES))
                for row, values in enumerate(copy.rows()):
                    for column, value in enumerate(values):
                        show("copy-" + format, column, row, value.encode() if isinstance(value, str) else value)


def unreadable():
    """A range that its owner made is read in text alone."""
    with psycopg.connect(autocommit=True) as connection:
        query = b"SELECT 1 AS one, '[1,2)'::span AS reach"
        assert connection.pgconn.exec_params(query, [], result_format=0).get_value(0, 1) == b"[1,2)"
        result = connection.pgconn.exec_params(query, [], result_format=1)
        match sys.argv[2]:
            case "shown":
                assert len(result.get_value(0, 1)) == 25
            case "withheld":
                assert result.get_value(0, 0) == b"\0\0\0\1" and result.get_value(0, 1) is None
            case "refused":
                assert result.status == pq.ExecStatus.FATAL_ERROR
                field = result.error_field
                assert field(pq.DiagnosticField.SQLSTATE) == b"42501", result.error_message
                message = field(pq.DiagnosticField.MESSAGE_PRIMARY).decode()
                assert "nothing unread" in message and "reach" in message, message
        assert connection.execute("SELECT 2").fetchone() == (2,)


{"setup": setup, "read": read, "unreadable": unreadable}[sys.argv[1]]()
