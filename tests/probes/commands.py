"""Attempts that are ordinary commands, run in the sandbox instead of the helper."""
import io
import os
import tarfile
import zlib

SCRIPT = "touch ../outside/made && echo got through"


def archive(world):
    """Members that lie outside: by "..", by an absolute path, through a link; and a bomb."""
    with tarfile.open(world.work / "evil.tar", "w") as out:
        for name in ("../outside/made", str(world.outside / "made2")):
            member = tarfile.TarInfo(name)
            member.size = 1
            out.addfile(member, io.BytesIO(b"x"))
        link = tarfile.TarInfo("way")
        link.type, link.linkname = tarfile.SYMTYPE, str(world.outside)
        out.addfile(link)
        member = tarfile.TarInfo("way/made3")
        member.size = 1
        out.addfile(member, io.BytesIO(b"x"))
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    piece = bytes(1 << 20)
    with open(world.work / "bomb.gz", "wb") as bomb:
        for _ in range(320):
            bomb.write(packer.compress(piece))
        bomb.write(packer.flush())
    return [["tar", "-xPf", "evil.tar"], ["sh", "-c", "gzip -dc bomb.gz > bomb"]]


def injected_arguments(world):
    """File names that a program takes for options."""
    (world.work / "evil.sh").write_text(SCRIPT)
    (world.work / "--checkpoint=1").write_text("")
    (world.work / "--checkpoint-action=exec=sh evil.sh").write_text("")
    return [["sh", "-c", "tar -cf all.tar *"]]


def programs_that_run_others(world):
    return [["find", ".", "-maxdepth", "0", "-exec", "sh", "-c", SCRIPT, ";"],
            ["awk", "BEGIN { system(\"%s\") }" % SCRIPT.replace('"', '\\"')],
            ["sed", "-n", "1e " + SCRIPT, "targets.txt"],
            ["tar", "-cf", "/dev/null", "--to-command=sh", "--checkpoint=1",
             "--checkpoint-action=exec=" + SCRIPT, "targets.txt"],
            ["env", "sh", "-c", SCRIPT]]


def planted_programs(world):
    """A program of that name here and in the caller's PATH, to be taken for the system's."""
    for name in ("sort", "sort-evil"):
        (world.work / name).write_text("#!/bin/sh\necho PLANTED tcp_port\n")
        (world.work / name).chmod(0o755)
    return [["sort", "targets.txt"]]


COMMANDS = {24: archive, 72: injected_arguments, 73: programs_that_run_others, 74: planted_programs}


# What only a command that was really run prints; where nothing is named, begun() makes it say so.
SIGN = {74: "tcp_port"}


def begun(probe, words):
    return words if probe in SIGN else ["sh", "-c", 'echo BEGUN; exec "$@"', "sh", *words]


def environment(world, probe, env):
    if probe == 74:
        env["PATH"] = f"{world.work}:{env['PATH']}"
    return env


def look(world, probe, said):
    if probe == 74:
        return "the planted program ran" if "PLANTED" in said else None
    bomb = world.work / "bomb"
    if probe == 24 and bomb.exists() and os.stat(bomb).st_size >= 320 << 20:
        return "the bomb unpacked to 320 MiB"
    return world.touched()
