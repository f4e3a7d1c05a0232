"""The collector process: when to scan, read, upload and check in, and the control socket others steer it by."""
