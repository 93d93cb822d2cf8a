"""SimPy in the hold model (see test/bench/hold.ts): one step of the environment, one new timeout.

No process waits for the timeouts, which is to SimPy's advantage. Prints operations per second, the median of batches.
"""
import array
import os
import statistics
import sys
import time

sys.path.append(os.path.join('.cache', 'bench', 'simpy'))
import simpy  # noqa: E402

if sys.argv[1] == '--version':
    simpy.Environment.step  # SimPy 3 and 4 have it, older ones are something else
    print(simpy.__version__)
    sys.exit()

GAPS = 1 << 16
path, pending, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
numbers = array.array('d')
with open(path, 'rb') as file:
    numbers.frombytes(file.read())
gaps_us = [int(gap) for gap in numbers[pending:]]

environment = simpy.Environment()
for first_us in numbers[:pending]:
    environment.timeout(int(first_us))


def hold(start, count):
    step, timeout = environment.step, environment.timeout
    for i in range(start, start + count):
        step()
        timeout(gaps_us[i & (GAPS - 1)])


seconds = []
while sum(seconds) < 0.8 or len(seconds) < 12:
    started = time.perf_counter()
    hold(len(seconds) * batch, batch)
    seconds.append(time.perf_counter() - started)
print(round(batch / statistics.median(seconds[2:])))
