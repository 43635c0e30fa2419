"""`camctl passwd`: a password from a pipe or from a terminal, which shows nothing of it."""

import os
import pty
import signal
import subprocess
import termios

import pytest

from conftest import program, wait_for

PASSWORD = "a quiet word or two"


def run(text):
    return subprocess.run([program("camctl-passwd")], input=text, capture_output=True, timeout=20)


def test_from_a_pipe():
    done = run(f"{PASSWORD}\nmore\n".encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"$argon2id$v=19$m=65536,t=3,p=1$") and done.stdout.count(b"\n") == 1
    assert run(PASSWORD.encode()).stdout != done.stdout  # another salt, and no need of a line's end


@pytest.mark.parametrize("text", [b"", b"\n", b"short\n", b"x" * 2000])
def test_what_is_refused(text):
    done = run(text)
    assert done.returncode == 2 and done.stdout == b"" and len(done.stderr.splitlines()) == 1


class Terminal:
    """The program on a terminal of its own, with its stdout in a pipe."""

    def __init__(self):
        self.main, child = pty.openpty()
        self.popen = subprocess.Popen([program("camctl-passwd")], stdin=child, stderr=child, stdout=subprocess.PIPE,
                                      start_new_session=True)
        self.child, self.shown = child, b""

    def echoes(self):
        return bool(termios.tcgetattr(self.child)[3] & termios.ECHO)

    def answer(self, prompt, text):
        while prompt not in self.shown:
            self.shown += os.read(self.main, 1000)
        self.shown = b""
        os.write(self.main, text)

    def end(self):
        output, _ = self.popen.communicate(timeout=20)
        os.set_blocking(self.main, False)
        try:
            while more := os.read(self.main, 1000):
                self.shown += more
        except OSError:
            pass
        return self.popen.returncode, output


def test_on_a_terminal():
    terminal = Terminal()
    terminal.answer(b"Password: ", PASSWORD.encode() + b"\n")
    terminal.answer(b"again: ", PASSWORD.encode() + b"\n")
    code, output = terminal.end()
    assert code == 0 and output.startswith(b"$argon2id$")
    assert PASSWORD.encode() not in terminal.shown and terminal.echoes()


def test_two_that_differ():
    terminal = Terminal()
    terminal.answer(b"Password: ", PASSWORD.encode() + b"\n")
    terminal.answer(b"again: ", b"something else\n")
    code, output = terminal.end()
    assert code == 2 and output == b"" and b"differ" in terminal.shown


def test_an_interrupt_leaves_the_terminal_as_it_was():
    terminal = Terminal()
    wait_for("the prompt", lambda: not terminal.echoes())
    terminal.popen.send_signal(signal.SIGINT)
    assert terminal.end()[0] == 130 and terminal.echoes()
