#!/usr/bin/env python3
"""Writes the C++ enumerations whose words stand in schemas/, each beside the code of its room.

--check: writes nothing; fails when a file is not what would be written. Needs clang-format-19.
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = """// Written from schemas/ by scripts/write_types.py; a change belongs there.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace naestro::{room} {{
"""
ENUM = """
// {about}
enum class {type} : std::uint8_t {{ {values} }};
inline constexpr std::array<std::string_view, {count}> k{type}Words = {{ {words} }};
// Its word.
constexpr std::string_view name({type} value) {{
  return k{type}Words[static_cast<std::size_t>(value)];
}}
"""
FROM = """// The one of that word; nullopt for any other.
constexpr std::optional<{type}> {read}(std::string_view word) {{
  const auto* const found = std::ranges::find(k{type}Words, word);
  if (found == k{type}Words.end()) return std::nullopt;
  return static_cast<{type}>(found - k{type}Words.begin());
}}
"""
TAKEN = {"auto": "automatic"}  # words of C++

# File -> (type, what it says, how it is read or None, where its words stand: all must agree).
FILES = {
    "src/contract/words.gen.hpp": [
        ("EffectKind", "What a call does to the world; the words of policy rules.", "effect_kind",
         ["tool.schema.json#/properties/effects/items/properties/kind",
          "events/policy.decided.json#/properties/effect",
          "events/effect.intended.json#/properties/effect"]),
        ("ArgumentKind",
         "authority: decides where or at what (path, URL, command); payload: content that goes "
         "there; inert: neither (a limit, a sort order).", "argument_kind",
         ["tool.schema.json#/properties/arguments/additionalProperties"]),
        ("Idempotency",
         "pure: no change to the world; idempotent: doing it again changes nothing more; keyed: "
         "the far side drops a repeat by its key; none: a repeat is a second effect.",
         "idempotency_from",
         ["tool.schema.json#/properties/idempotency",
          "events/effect.intended.json#/properties/idempotency"]),
    ],
    "src/policy/words.gen.hpp": [
        ("Decision", "What a rule says.", "decision_from",
         ["events/policy.decided.json#/properties/decision"]),
        ("Mode",
         "guide suggests (read and model.local only), copilot confirms, automatic does only what "
         "is proved or granted.", "mode_from", ["events/run.created.json#/properties/mode"]),
    ],
    "src/door/words.gen.hpp": [
        ("Answer", "What the door says of an effect.", None,
         ["events/policy.decided.json#/properties/answer"]),
    ],
    "src/cli/words.gen.hpp": [
        ("CheckStatus", "How a check of `doctor` ended.", None,
         ["doctor.schema.json#/properties/checks/items/properties/status"]),
    ],
}


def words_at(place):
    file, pointer = place.split("#")
    value = json.loads((ROOT / "schemas" / file).read_text(encoding="utf-8"))
    for token in pointer.split("/")[1:]:
        value = value[token]
    return value["enum"]


def text_of(file, rows):
    out = HEAD.format(room=pathlib.Path(file).parent.name)
    for kind, about, read, places in rows:
        words = words_at(places[0])
        for place in places[1:]:
            assert words_at(place) == words, f"{place} is not {places[0]}"
        values = [TAKEN.get(word, word).replace(".", "_") for word in words]
        form = ENUM + (FROM if read else "")
        out += form.format(type=kind, about=about, read=read, count=len(words),
                           values=", ".join(values),
                           words=", ".join(f'"{word}"' for word in words))
    out += f"\n}}  // namespace naestro::{pathlib.Path(file).parent.name}\n"
    if "std::optional" not in out:
        out = out.replace("#include <optional>\n", "").replace("#include <algorithm>\n", "")
    return subprocess.run(["clang-format-19", f"--assume-filename={ROOT / file}"], input=out,
                          stdout=subprocess.PIPE, text=True, check=True).stdout


def main():
    stale = []
    for file, rows in FILES.items():
        text = text_of(file, rows)
        path = ROOT / file
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(file)
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(", ".join(stale) + ": stale; run scripts/write_types.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
