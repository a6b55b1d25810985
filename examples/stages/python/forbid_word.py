"""forbid_word.py WORD: a request stage that refuses commands whose text contains WORD, in capitals or not."""

import sys

from sluice_stage import Command, Decision, Stage, allow, refuse


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1]:
        sys.exit("usage: forbid_word.py WORD")
    word = sys.argv[1].lower()
    stage = Stage()

    @stage.request
    def judge(command: Command) -> Decision:
        if word in command.text.decode(errors="replace").lower():
            return refuse(
                "forbid-word",
                "refused by rule “forbid-word”: the command has a forbidden word",
                "Rephrase the command without it.",
                pure=True,  # the text alone decides, so the answer may be remembered
            )
        return allow("forbid-word", pure=True)

    stage.run()


main()
