"""The collector: from address ranges to readings, kept safely and sent."""
