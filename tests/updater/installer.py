"""What stands for `python -m updater install` and `… tidy` where no engine is: notes each run, and ends as the test says.

`installer.py FOLDER install --by WHO …` appends its words to `FOLDER/runs`, waits while there is a file `FOLDER/busy`, and prints
what `FOLDER/answer` says.
"""

import json
import sys
import time
from pathlib import Path

NOTHING = {"what": "failed", "transaction": "", "reason": "unreachable", "text": "The registry does not answer."}


def main() -> int:
    folder, words = Path(sys.argv[1]), sys.argv[2:]
    with (folder / "runs").open("a") as runs:
        runs.write(f"{' '.join(words)}\n")
    while (folder / "busy").exists():
        time.sleep(0.02)
    answer = folder / "answer"
    print(answer.read_text() if answer.exists() else json.dumps(NOTHING))
    return 0


if __name__ == "__main__":
    sys.exit(main())
