"""TLS before a virtual camera, with a certificate of its own signature, and a plain port that redirects to it."""

import contextlib
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading


def _pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class TlsFront:
    def __init__(self, address, port):
        self._target = (address, port)
        self._folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self._folder.name)
        key, certificate = folder / "key.pem", folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "1", "-subj", "/CN=camera", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._tls = socket.create_server((address, 0))
        self._plain = socket.create_server((address, 0))
        self.port, self.redirecting_port = self._tls.getsockname()[1], self._plain.getsockname()[1]

    def __enter__(self):
        for listener, serve in ((self._tls, self._relay), (self._plain, self._redirect)):
            threading.Thread(target=self._accept, args=(listener, serve), daemon=True).start()
        return self

    def __exit__(self, *_):
        for listener in (self._tls, self._plain):
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._folder.cleanup()

    def _accept(self, listener, serve):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    def _relay(self, client):
        with contextlib.suppress(OSError, ssl.SSLError), self._context.wrap_socket(client, server_side=True) as tls, \
                socket.create_connection(self._target) as camera:
            threading.Thread(target=_pump, args=(camera, tls), daemon=True).start()
            _pump(tls, camera)

    def _redirect(self, client):
        with client, contextlib.suppress(OSError):
            request = client.recv(65536).decode(errors="replace")
            path = request.split(" ")[1]
            client.sendall(f"HTTP/1.1 302 Found\r\nLocation: https://{self._target[0]}:{self.port}{path}\r\n"
                           "Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
