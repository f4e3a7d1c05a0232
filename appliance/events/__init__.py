"""What happened to a device between two readings: pure, from the reading before, the one now and a short memory."""
