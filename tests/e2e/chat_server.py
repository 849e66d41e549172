"""A server of the chat dialect that gives prepared answers: what a provider's network side does."""
import contextlib
import http.server
import json
import threading
import time


@contextlib.contextmanager
def chat_server(answers, tokens_in=100, tokens_out=50, slow_s=()):
    """Yields (url, requests). The n-th request gets the n-th of `answers` (JSON values or texts),
    the last one again and again; `requests` are the bodies that came. The n-th answer takes the n-th
    of `slow_s` seconds more, a word each tenth of a second, and is given up when the caller hangs
    up."""
    requests = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = answers[min(len(requests), len(answers)) - 1]
            text = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            try:
                self.answer(text, slow_s[len(requests) - 1] if len(requests) <= len(slow_s) else 0)
            except OSError:
                pass  # the far side hung up

        def answer(self, text, slow_s):
            for _ in range(round(10 * slow_s)):
                time.sleep(0.1)
                self.send({"choices": [{"index": 0, "delta": {"content": " "}}]})
            for chunk in ({"choices": [{"index": 0, "delta": {"content": text}}]},
                          {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                           "usage": {"prompt_tokens": tokens_in,
                                     "completion_tokens": tokens_out}}):
                self.send(chunk)
            self.wfile.write(b"data: [DONE]\n\n")

        def send(self, chunk):
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", requests
    finally:
        server.shutdown()
        server.server_close()
