"""A component for tests that is forked from the supervisor: writes down what it finds, and ends as `DCA_TEST_END` says."""

import json
import os
import signal
import sys
from pathlib import Path

from appliance.common.log import configure_logging
from appliance.process.notify import notify
from appliance.settings import store


def facts() -> dict[str, object]:
    return {
        "pid": os.getpid(),
        "preloaded": "zipapp" in sys.modules,
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "in_main": sys.modules["__main__"].__file__,
    }


def main() -> int:
    folder = Path(os.environ["DCA_DATA_DIR"])
    end = os.environ.get("DCA_TEST_END", "")
    if end == "raise":
        raise RuntimeError("this went wrong")
    if end == "sentence":
        sys.exit("The sentence it ends with.")
    configure_logging("forked")
    store.log.info("said by the fork")
    with (folder / "facts.new").open("w") as file:
        json.dump(facts(), file)
    (folder / "facts.new").rename(folder / "facts.json")
    notify(READY=1)
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
