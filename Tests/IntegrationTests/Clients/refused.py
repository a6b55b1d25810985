"""Statements by both protocols and COPY: what the client is told. Arguments: the statements' texts."""

import sys

from wire import Wire, fields

FORMS = ["QUERY", "COPY (QUERY) TO STDOUT", "COPY (QUERY) TO STDOUT (FORMAT csv)", "COPY (QUERY) TO STDOUT (FORMAT binary)"]


def told(messages):
    return [fields(payload) for kind, payload in messages if kind == b"E"]


wire = Wire().login()
for sql in sys.argv[1:]:
    answers = [told(wire.ask(form.replace("QUERY", sql))) for form in FORMS]
    for binary in (False, True):
        wire.parse(sql)
        wire.bind(binary=binary)
        wire.describe_portal()
        wire.execute()
        wire.sync()
        answers.append(told(wire.ready()))
    for answer in answers:
        assert len(answer) == 1, (sql, answers)
        print(answer[0]["C"], " ".join(answer[0].values()))
wire.close()
