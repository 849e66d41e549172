"""What the driver does around the helper's attempts: lays out what one needs, and looks afterwards
whether it got through. Of the ids in SEEN_OUTSIDE only what is seen outside counts."""
import os
import stat

from world import git, wait_for

# The helper cannot know: it wrote a name, but somebody may have moved it away; it sent a signal or a
# packet, but nobody may have got it.
SEEN_OUTSIDE = {15, 16, 17, 18, 19, 20, 21, 22, 29, 31, 47, 52}

PLANTED = {
    16: [".GIT/hooks/pre-commit", ".Git/config", ".cUrSoR/mcp.json", ".VSCODE/tasks.json",
         ".gi\u200ct/config", ".BashRC", ".git./config", "git~1/config",
         ".git::$INDEX_ALLOCATION/config", ".NAESTRO/policy.yaml", "\uff0egit/config", ".ba\u017fhrc"],
    17: [".git/hooks/pre-commit", ".git/config", ".gitattributes", ".gitmodules",
         ".naestro/policy.yaml", ".bashrc", ".profile", ".zshrc", ".bash_profile",
         ".vscode/tasks.json", ".idea/workspace.xml", ".cursor/mcp.json", ".mcp.json",
         ".claude/settings.json", ".codex/config.toml", ".envrc", "sub/.git/hooks/pre-commit",
         "a/b/c/d/e/.git/config", "a/b/.vscode/tasks.json", "sub/.envrc"]}


def there(world, names):
    found = []
    for name in names:
        file = world.work / name
        if file.is_file() and file.read_text() == "planted":
            found.append(name)
    return "afterwards there is " + ", ".join(found) if found else None


def marker(world, *places):
    """Somebody outside uses git in the folder, as people and editors do."""
    for folder in places:
        for words in (("status",), ("add", "."), ("commit", "-m", "x"), ("diff",)):
            git(world.work / folder, *words)
    names = [path for path in (world.work / "marker", world.root / "marker") if path.exists()]
    return "git outside ran the planted program" if names else None


def lay_out(world, probe):
    if probe in (18, 20, 21, 22):
        world.repository()
    if probe == 10:
        world.give()
    if probe == 40:
        world.service()


def look(world, probe):
    """What is seen outside when it is over; None: nothing."""
    if probe in PLANTED:
        return there(world, PLANTED[probe])
    if probe == 18:
        hook = world.work / "repo/.git/hooks/pre-commit"
        kept = world.work / "elsewhere/.git/config"
        if hook.exists() and hook.read_text() == "planted":
            return "afterwards repo/.git/hooks/pre-commit is the program's"
        if kept.exists() and "planted" in kept.read_text():
            return "afterwards elsewhere/.git/config is the program's"
        return None
    if probe == 19:
        return marker(world, ".", "nest") if (world.work / "nest").is_dir() else marker(world, ".")
    if probe in (20, 21, 22):
        return marker(world, "repo")
    if probe == 29:
        outlived = world.work / "outlived"
        return "a process wrote when all was over" if wait_for(outlived.exists, 1.2) else None
    if probe == 31:
        return "the process outside got a signal" if wait_for(world.mark.exists, 0.3) else None
    if probe in (47, 52):
        got = [packet for packet in world.servers.drain() if b"probe" in packet]
        return f"{len(got)} packets arrived" if got else None
    if probe == 34:
        set_id = [path.name for path in world.work.iterdir()
                  if path.is_file() and os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID)]
        return "a program that runs as its owner was left: " + ", ".join(set_id) if set_id else None
    return world.touched()
