# SPDX-License-Identifier: Apache-2.0
"""The end of a service: by signals, by a failed thread, at the latest at its deadline."""

import signal
import subprocess
import sys
import textwrap

import pytest

START = """
import logging, signal, sys, threading
from faafo import errors, process, stop

logging.basicConfig(format="%(message)s", level=logging.INFO)
stop.GRACE_SECONDS = float(sys.argv[1])


def hang(*_):
    threading.Event().wait()

"""


@pytest.fixture
def run():
    """Runs a script with a grace of ``grace`` seconds; returns its exit status and its log."""

    def run_script(script, grace=60.0):
        command = [sys.executable, "-c", START + textwrap.dedent(script), str(grace)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return ended.returncode, ended.stderr

    return run_script


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (
            "ValueError('a mistake')",
            "thread dispatcher has ended: ValueError: a mistake (<string>:",
        ),
        ("errors.ConfigurationError('name = w: taken')", "name = w: taken"),
    ],
)
def test_an_error_that_ends_a_thread_is_one_line_and_ends_the_service_with_1(run, problem, line):
    status, log = run(f"""
        def fail():
            raise {problem}

        def main(stop):
            stop.listen()
            threading.Thread(target=fail, name="dispatcher").start()
            stop.requested.wait()

        sys.exit(process.run(main))
        """)
    assert status == 1
    assert log.startswith(line)
    assert len(log.splitlines()) == 1


def test_a_service_that_cannot_stop_is_ended_at_its_deadline(run):
    status, log = run(
        """
        def main(stop):
            stop.listen(lambda: 0.1)
            signal.raise_signal(signal.SIGTERM)
            hang()

        sys.exit(process.run(main))
        """,
        grace=0.1,
    )
    assert status == 0
    assert "SIGTERM received" in log
    assert "threads still wait" in log


def test_a_signal_stops_a_service_whose_log_is_blocked(run):
    status, _log = run(
        """
        class Blocked(logging.Handler):
            def emit(self, record):
                hang()

        def main(stop):
            logging.getLogger().addHandler(Blocked())
            stop.listen(lambda: 0.1)
            signal.raise_signal(signal.SIGTERM)
            assert stop.requested.wait(50)
            hang()

        sys.exit(process.run(main))
        """,
        grace=0.1,
    )
    assert status == 0


def test_a_second_signal_ends_a_service_that_still_drains(run):
    status, log = run("""
        def main(stop):
            stop.listen(lambda: 3600.0)
            signal.raise_signal(signal.SIGTERM)
            stop.requested.wait()
            signal.raise_signal(signal.SIGTERM)
            hang()

        sys.exit(process.run(main))
        """)
    assert status == 0
    assert log.count("SIGTERM received") == 2


@pytest.mark.parametrize("status", [0, 3])
def test_a_thread_that_does_not_end_keeps_no_process_alive(run, status):
    ended, _log = run(f"""
        def main(stop):
            stop.listen(lambda: 3600.0)
            threading.Thread(target=hang).start()
            print("the last words")
            return {status}

        sys.exit(process.run(main))
        """)
    assert ended == status


def test_a_command_that_listens_to_signals_ends_as_soon_as_it_returns(run):
    status, log = run("""
        def main(stop):
            stop.listen(lambda: 3600.0)

        sys.exit(process.run(main))
        """)
    assert (status, log) == (0, "")


@pytest.mark.parametrize(("handler", "drains"), [("SIG_DFL", True), ("SIG_IGN", False)])
def test_the_end_of_the_terminal_stops_a_service_unless_nohup_started_it(run, handler, drains):
    status, log = run(f"""
        import fcntl, os, pty, termios

        os.setsid()
        _master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.{handler})

        def main(stop):
            stop.listen(lambda: 3600.0)
            signal.raise_signal(signal.SIGHUP)
            drains = {drains} and stop.requested.wait(60)
            print(drains, stop.immediate.is_set(), file=sys.stderr)

        sys.exit(process.run(main))
        """)
    assert status == 0
    assert log.endswith(f"{drains} False\n")
    assert ("SIGHUP received" in log) == drains


def test_sighup_stops_no_service_without_a_terminal_and_has_it_reload(run):
    """Not while it starts, either: what holds up a start may be what is to be configured."""
    status, log = run("""
        import os

        os.setsid()

        def main(stop):
            signal.raise_signal(signal.SIGHUP)
            stop.listen(lambda: 3600.0)
            for _ in range(2):
                signal.raise_signal(signal.SIGHUP)
                print(stop.reload.wait(60), stop.requested.is_set(), file=sys.stderr)
                stop.reload.clear()

        sys.exit(process.run(main))
        """)
    assert (status, log) == (0, "True False\n" * 2)


def test_what_a_starting_service_passes_over_its_children_do_not_ignore(run):
    status, log = run("""
        import os, subprocess

        os.setsid()
        show = "import signal as s; print([s.getsignal(one).name for one in (s.SIGHUP, s.SIGUSR2)])"

        def main(stop):
            done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True)
            print(done.stdout, file=sys.stderr, end="")

        sys.exit(process.run(main))
        """)
    assert (status, log) == (0, "['SIG_DFL', 'SIG_DFL']\n")


def test_ctrl_c_stops_without_a_drain_but_not_at_once(run):
    status, log = run(f"""
        def main(stop):
            stop.listen(lambda: 3600.0)
            signal.raise_signal({int(signal.SIGINT)})
            stop.immediate.wait()

        sys.exit(process.run(main))
        """)
    assert status == 0
    assert "threads still wait" not in log
