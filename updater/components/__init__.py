"""The processes of the appliance: how one is started, watched and judged."""
