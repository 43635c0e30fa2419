"""Every camera in every run: 500 virtual cameras, searched 20 times, or 3 times where CAMCTL_SOAK_SECONDS is below 60.

Started by script/test --full, stage recall. The cameras are on the loopback interface of a namespace, so that nobody else
hears them.
"""

import os
import time

import netns
from conftest import program, wait_for
from test_scan import scan

COUNT = 500
RUNS = 20 if float(os.environ.get("CAMCTL_SOAK_SECONDS", "30")) >= 60 else 3


def test_all_devices_in_each_run(spawn):
    network = netns.Network()
    try:
        host = network.host("recall")
        process = spawn(*netns.inside(host, program("camctl-simulate"), "--count", COUNT, "--address", "127.61.0.1"))
        addresses = {f"127.61.{i >> 8}.{i & 255}" for i in range(1, COUNT + 1)}
        wait_for("the virtual cameras", lambda: "127.61.1.244" in process.log(), 90)
        begin = time.monotonic()
        for run in range(RUNS):
            _, records, errors = scan(prefix=netns.inside(host))
            found = [record["ip"] for record in records]
            assert len(found) == COUNT and set(found) == addresses, (run, addresses - set(found), errors)
        print(f"{RUNS} runs, {(time.monotonic() - begin) / RUNS:.1f} s each")
    finally:
        network.close()
