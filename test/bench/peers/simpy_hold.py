"""SimPy in the hold model (see test/bench/hold.ts): one step of the environment, one new timeout.

`processes`, as its users have it: a process for each pending event, which waits for one timeout after the other. `bare`: nobody
waits for the timeouts, nothing but SimPy's queue is at work. Prints operations per second, the median of batches.
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
path, pending, batch, way = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
numbers = array.array('d')
with open(path, 'rb') as file:
    numbers.frombytes(file.read())
gaps_us = [int(gap) for gap in numbers[pending:]]

environment = simpy.Environment()
held = 0


def holder(first_us):
    global held
    timeout = environment.timeout
    yield timeout(first_us)
    while True:
        held += 1
        yield timeout(gaps_us[held & (GAPS - 1)])


def step_processes(_start, count):
    step = environment.step
    for _ in range(count):
        step()


def step_and_put_back(start, count):
    step, timeout = environment.step, environment.timeout
    for i in range(start, start + count):
        step()
        timeout(gaps_us[i & (GAPS - 1)])


for first_us in numbers[:pending]:
    if way == 'processes':
        environment.process(holder(int(first_us)))
    else:
        environment.timeout(int(first_us))
if way == 'processes':
    step_processes(0, pending)  # each process begins, with a step of its own
hold = step_processes if way == 'processes' else step_and_put_back

seconds = []
while sum(seconds) < 0.8 or len(seconds) < 12:
    started = time.perf_counter()
    hold(len(seconds) * batch, batch)
    seconds.append(time.perf_counter() - started)
print(round(batch / statistics.median(seconds[2:])))
