"""A fleet of printers on loopback addresses: what stands for the outside world in the demo, the tests and the benchmarks.

Imports nothing of the other rooms, so that what it shows is never made by the code it is there to test.
"""
