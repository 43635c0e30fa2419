"""Network namespaces of a test's own: hosts on one machine, joined by veth pairs. Root only."""

import os
import shutil
import subprocess

import pytest


def require_root():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if shutil.which("ip") is None:
        pytest.skip("ip (iproute2) is not installed")


def run(*args):
    subprocess.run([str(arg) for arg in args], check=True, capture_output=True, text=True)


class Network:
    """Namespaces that end with the test."""

    def __init__(self):
        require_root()
        self.names = []
        self.links = 0

    def host(self, name):
        """A new host with a loopback interface; returns its namespace."""
        namespace = f"camctl-{os.getpid()}-{name}"
        try:
            run("ip", "netns", "add", namespace)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
        self.names.append(namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
        # IPv6 addresses can be used at once, not a second later.
        run(*inside(namespace, "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0"))
        return namespace

    def link(self, a, a_interface, a_address, b, b_interface, b_address):
        """A cable between two hosts; addresses are given as CIDR."""
        self.links += 1
        ends = [f"cc{os.getpid()}{side}{self.links}"[:15] for side in "ab"]
        run("ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        for end, namespace, interface, address in ((ends[0], a, a_interface, a_address),
                                                   (ends[1], b, b_interface, b_address)):
            run("ip", "link", "set", end, "netns", namespace, "name", interface)
            run("ip", "-n", namespace, "addr", "add", address, "dev", interface)
            run("ip", "-n", namespace, "link", "set", interface, "up")

    def close(self):
        for namespace in self.names:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)


def inside(namespace, *command):
    """The command line that runs `command` on that host."""
    return ["ip", "netns", "exec", namespace, *command]
