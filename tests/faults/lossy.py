"""A way to a server on which connections get lost at the worst moment."""

import contextlib
import random
import socket
import threading

CHUNK = 1 << 16


class LossyProxy:
    """Passes bytes on. Of the messages that contain `token`, one in so many (none while that is zero) ends its
    connection: sometimes before the server has it, sometimes after, and then the answer is gone."""

    def __init__(self, port, token):
        self.server, self.token, self.one_in, self.lost = port, token, 0, 0
        self.chance = random.Random(2)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.server))
            except OSError:
                return
            Connection(self, client, server)

    def loses(self, message):
        if not self.one_in or self.token not in message or self.chance.randrange(self.one_in):
            return False
        self.lost += 1
        return True


class Connection:
    """One client's connection, and ours to the server."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server, self.is_mute = proxy, client, server, False
        for pump in (self.requests, self.answers):
            threading.Thread(target=self.until_closed, args=(pump,), daemon=True).start()

    def until_closed(self, pump):
        try:
            pump()
        except OSError:
            pass
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def requests(self):
        while message := self.client.recv(CHUNK):
            if self.proxy.loses(message):
                self.is_mute = True
                if self.proxy.lost % 2:
                    return
            self.server.sendall(message)

    def answers(self):
        while answer := self.server.recv(CHUNK):
            if self.is_mute:
                return
            self.client.sendall(answer)
