"""opa_stage.py --url URL --path PATH: lets an Open Policy Agent decide about every command.

PATH names the document, as in `sluice/decision`. Its value is `true` or `false`, or an object:
{"allow": bool, "reason": text, "hint": text, "hold": {"groups": [text], "quorum": number, "expires_seconds": number}}.
Undefined, and any other value or key, refuses.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from google.protobuf.json_format import MessageToDict
from opa import OPA, OPAError, Undefined

from sluice_stage import CannotAnswer, Command, Decision, Stage, StageError, allow, hold, refuse

RULE = "opa"
DEFAULT_TIMEOUT_S = 1.0
KEYS = {"allow", "reason", "hint", "hold"}
MAXIMUM_TEXT = 512  # characters of a reason or a hint, as the client reads it


def document(command: Command, *, with_text: bool, with_parameters: bool) -> dict[str, Any]:
    """The input: who asks for what, in the policy's words. Bind values and text only when told to."""
    principal = command.judge.principal
    result: dict[str, Any] = {
        "identity": {
            "name": principal.name,
            "groups": list(principal.groups),
            "labels": dict(principal.labels),
            "method": principal.method,
            "source_address": principal.source_address,
        },
        "resource": command.resource,
        "protocol": command.judge.protocol,
        "purpose": command.purpose.name.lower(),
        "session": command.session,
        "facts": MessageToDict(
            command.facts, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        ),
        "annotations": {f"{one.stage}.{one.name}": one.value for one in command.judge.annotations},
    }
    if with_text:
        result["text"] = command.text.decode(errors="replace")
    if with_parameters:
        result["parameters"] = list(command.parameters)
    return result


def decision(result: Any, path: str) -> Decision:
    """What the document's value means. Whatever is not plainly a permission refuses."""
    if isinstance(result, Undefined):
        return refuse(RULE, f"refused by rule “{RULE}”: {path} is undefined", "Ask an operator for a policy.")
    if result is True:
        return allow(RULE)
    if result is False:
        return refuse(RULE, f"refused by rule “{RULE}”")
    if not isinstance(result, dict) or not isinstance(result.get("allow"), bool):
        return refuse(RULE, f"refused by rule “{RULE}”: {path} gives neither true nor false")
    reason, hint = text(result.get("reason")), text(result.get("hint"))
    if not result["allow"]:
        return refuse(RULE, reason or f"refused by rule “{RULE}”", hint)
    # A key with a mistake in its name may have been the one that tightens.
    if not set(result) <= KEYS:
        return refuse(RULE, f"refused by rule “{RULE}”: {path} has keys other than {', '.join(sorted(KEYS))}")
    if "hold" not in result:
        return allow(RULE)
    held = reviewers(result["hold"])
    if held is None:
        return refuse(RULE, f"refused by rule “{RULE}”: {path} asks for a hold that cannot be read")
    return hold(RULE, reason or "needs an approval", **held)


def reviewers(terms: Any) -> dict[str, Any] | None:
    if not isinstance(terms, dict) or not set(terms) <= {"groups", "identities", "quorum", "expires_seconds"}:
        return None
    for key in ("groups", "identities"):
        names = terms.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return None
    quorum, expires = terms.get("quorum", 1), terms.get("expires_seconds", 900)
    if not all(type(number) is int for number in (quorum, expires)) or not (1 <= quorum <= 100 and expires >= 1):
        return None
    return {**terms}


def text(value: Any) -> str:
    return value[:MAXIMUM_TEXT] if isinstance(value, str) else ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--path", required=True, help="the document below /v1/data/")
    parser.add_argument("--timeout", type=float, default=DEFAULT_TIMEOUT_S, help="seconds for one decision")
    parser.add_argument("--token-file", help="sends its content as bearer token")
    parser.add_argument("--ca-file", help="certificates that an https address is checked with")
    parser.add_argument("--send-text", action="store_true", help="the command's text, with the values in it")
    parser.add_argument("--send-parameters", action="store_true", help="the bind values")
    options = parser.parse_args()
    token = ""
    if options.token_file:
        with open(options.token_file, encoding="utf-8") as file:
            token = file.read().strip()
    opa = OPA(options.url, options.path, timeout_s=options.timeout, token=token, ca_file=options.ca_file)
    stage = Stage()

    @stage.request
    def judge(command: Command) -> Decision:
        given = document(command, with_text=options.send_text, with_parameters=options.send_parameters)
        try:
            return decision(opa.decide(given), options.path)
        except OPAError as error:
            raise CannotAnswer("the policy service did not answer", str(error)) from None

    stage.run()


if __name__ == "__main__":
    try:
        main()
    except (StageError, OSError, ValueError) as error:
        sys.exit(f"cannot start: {error}")
