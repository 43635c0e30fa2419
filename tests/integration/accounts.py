"""Users for `camctl serve` in tests: their hashes made by libargon2 itself, cheaply."""

import base64
import ctypes
import os


def hash_of(password, memory_kib=8, passes=1):
    library = ctypes.CDLL("libargon2.so.1")
    encoded = ctypes.create_string_buffer(256)
    text, salt, size = password.encode(), os.urandom(16), ctypes.c_size_t
    code = library.argon2id_hash_encoded(passes, memory_kib, 1, text, size(len(text)), salt, size(len(salt)), size(32),
                                         encoded, size(len(encoded)))
    assert code == 0
    return encoded.value.decode()


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def config(*users):
    """The configuration's `users` from (name, password, role, cameras or None)."""
    lines = ["users:"]
    for name, password, role, cameras in users:
        lines.append(f'  - {{name: {name}, hash: "{hash_of(password)}", role: {role}'
                     + (f", cameras: [{', '.join(cameras)}]" if cameras is not None else "") + "}")
    return "\n".join(lines) + "\n"
