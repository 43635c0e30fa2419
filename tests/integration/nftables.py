"""A firewall in a network namespace, by netlink: nft itself need not be installed. Runs with the namespace's name.

Usage: ip netns exec NAMESPACE python3 nftables.py HOOK   (HOOK: input or output; its policy becomes to drop)
"""

import socket
import struct
import sys

NETFILTER, SUBSYSTEM = 12, 10
INET = 1
NEW_TABLE, NEW_CHAIN, BEGIN, END = 0, 3, 16, 17
REQUEST, ACK, CREATE = 1, 4, 0x400
HOOKS = {"input": 1, "output": 3}


def attribute(kind, value):
    text = struct.pack("=HH", len(value) + 4, kind) + value
    return text + b"\0" * (-len(text) % 4)


def message(kind, flags, family, content=b"", resource=0):
    content = struct.pack("!BBH", family, 0, resource) + content
    return struct.pack("=IHHII", len(content) + 16, kind, flags, 1, 0) + content


def main():
    hook = HOOKS[sys.argv[1]]
    name = sys.argv[1].encode() + b"\0"
    number = lambda value: struct.pack("!I", value)
    nested = 0x8000
    chain = (attribute(1, b"filter\0") + attribute(3, name)
             + attribute(4 | nested, attribute(1, number(hook)) + attribute(2, number(0)))
             + attribute(5, number(0)) + attribute(7, b"filter\0"))
    batch = (message(BEGIN, REQUEST, 0, resource=SUBSYSTEM)
             + message(SUBSYSTEM << 8 | NEW_TABLE, REQUEST | ACK | CREATE, INET, attribute(1, b"filter\0"))
             + message(SUBSYSTEM << 8 | NEW_CHAIN, REQUEST | ACK | CREATE, INET, chain)
             + message(END, REQUEST, 0, resource=SUBSYSTEM))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER) as netlink:
        netlink.bind((0, 0))
        netlink.settimeout(5)
        netlink.send(batch)
        for _ in range(2):
            error, = struct.unpack_from("=i", netlink.recv(65536), 16)
            if error:
                sys.exit(f"nf_tables: error {-error}")


if __name__ == "__main__":
    main()
