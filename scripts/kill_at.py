#!/usr/bin/env python3
"""kill_at.py BEGINNING COMMAND...: runs the command, passes its lines on, and kills it with SIGKILL
when a line begins so. Exits as a shell would: 137 when it was killed, else the command's own code.
"""
import subprocess
import sys

beginning, command = sys.argv[1], sys.argv[2:]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1) as child:
    for line in child.stdout:
        print(line, end="", flush=True)
        if line.startswith(beginning):
            child.kill()
sys.exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)
