"""Ends Python at an exact moment; on the path of the processes that a test starts.

SHORTLIST_KILL_AT is a regular expression over what Python announces before it does it:
`os.rename DRAFT FINAL`, `open PATH MODE`, `os.mkdir PATH`, `subprocess.Popen PROGRAM ARGS`.
At the first match the whole process group is killed. At that of SHORTLIST_STOP_AT only the
process itself is suspended, once.
"""

import os
import re
import signal
import sys

EVENTS = {"os.rename", "os.mkdir", "os.remove", "open", "subprocess.Popen"}


def act_at(pattern, act):
    matches = re.compile(pattern).search
    waiting = True

    def hook(event, args):
        nonlocal waiting
        if waiting and event in EVENTS and matches(f"{event} {args[0]} {args[1]}"):
            waiting = False
            act()

    sys.addaudithook(hook)


if "SHORTLIST_KILL_AT" in os.environ:
    act_at(os.environ["SHORTLIST_KILL_AT"], lambda: os.killpg(0, signal.SIGKILL))
if "SHORTLIST_STOP_AT" in os.environ:
    act_at(os.environ["SHORTLIST_STOP_AT"], lambda: os.kill(os.getpid(), signal.SIGSTOP))
