"""`python -m appliance`: the collector."""

import sys

from appliance.service.collector.process import main

if __name__ == "__main__":
    sys.exit(main())
