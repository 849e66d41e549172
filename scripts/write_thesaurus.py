#!/usr/bin/env python3
"""write_thesaurus.py [WORDNET_DIR] > skills/words/thesaurus.txt: which words a text may use for another one, from
WordNet 3.0 (Debian package wordnet-base). A line is a stem, a tab and its words, sorted by stem.

A word stands for another when both share a sense that is common for both (the first two of a part of speech,
seen in WordNet's own texts), or when one is derived from the other in such a sense ("install", "installation").
Words that WordNet never saw in a text, names and phrases are left out."""
import collections
import os
import re
import sys

SENSES_MAX = 2
WORDS_MAX = 12
POS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}


def stems_by(header):
    """base/words.cpp says how a word becomes a stem; its table of forms is read, not copied."""
    forms = dict(re.findall(r'\{"(\w+)",\s*"(\w+)"\}', header))

    def ends(word, end, least):
        return len(word) >= least and word.endswith(end)

    def undouble(word):
        return word[:-1] if len(word) >= 3 and word[-1] == word[-2] and word[-1] in "bdgklmnprt" else word

    def plural(word):
        if ends(word, "ies", 5):
            return word[:-3] + "y"
        if ends(word, "sses", 5) or ends(word, "ches", 5) or ends(word, "shes", 5) or ends(word, "xes", 4):
            return word[:-2]
        if ends(word, "s", 4) and not word.endswith(("ss", "us", "is")):
            return word[:-1]
        return word

    def stem(word):
        low = word.lower().replace("-", "").replace("'", "")
        if low in forms:
            return "person" if forms[low] == "person" else stem(forms[low])
        low = plural(low)
        if ends(low, "ied", 5):
            low = low[:-3] + "y"
        elif ends(low, "ed", 5) and not low.endswith("eed"):
            short = len(low) == 5 and low[1] in "aeiou"
            low = low[:-1] if short and low[2] not in "aeiouw" else low[:-2]
            if len(low) != 4 or low[-1] != "e":
                low = undouble(low)
        elif ends(low, "ing", 6):
            low = undouble(low[:-3])
        elif ends(low, "ation", 8):
            low = low[:-3]
        elif ends(low, "ment", 7):
            low = low[:-4]
        else:
            low = undouble(low)
        return low[:-1] if ends(low, "e", 5) else low

    return stem


def senses_of(folder):
    """(pos, lemma) -> offsets, the most common first; only those that WordNet saw in a text."""
    seen = {}
    for line in open(os.path.join(folder, "cntlist.rev"), encoding="ascii"):
        key, number, count = line.split()
        seen[(key.split("%")[0], "nvars"[int(key.split("%")[1][0]) - 1], int(number))] = int(count)
    out = {}
    for name, pos in POS.items():
        for line in open(os.path.join(folder, "index." + name), encoding="ascii"):
            if line.startswith(" "):
                continue
            parts = line.split()
            lemma, offsets = parts[0], parts[-int(parts[2]):]
            kept = [offset for number, offset in enumerate(offsets[:SENSES_MAX], 1)
                    if number == 1 or seen.get((lemma, pos, number), 0) > 1]
            out[(pos, lemma)] = kept
    known = {(lemma, pos) for lemma, pos, _ in seen}
    return out, known


def pairs_of(folder):
    senses, known = senses_of(folder)

    def plain(lemma):
        return re.fullmatch(r"[a-z]{3,}", lemma)

    for name, pos in POS.items():
        for line in open(os.path.join(folder, "data." + name), encoding="ascii"):
            if line.startswith(" "):
                continue
            parts = line.split(" | ")[0].split()
            offset, count = parts[0], int(parts[3], 16)
            lemmas = [re.sub(r"\(\w+\)$", "", parts[4 + 2 * i]) for i in range(count)]
            own = [one for one in lemmas if plain(one) and offset in senses.get((pos, one), ())]
            common = [one for one in own if (one, pos) in known]
            for one in common:
                for other in common:
                    if one != other:
                        yield one, other
            rest = parts[4 + 2 * count:]
            for i in range(int(rest[0])):
                symbol, target, target_pos, numbers = rest[1 + 4 * i:5 + 4 * i]
                if symbol != "+" or numbers == "0000":
                    continue
                source = lemmas[int(numbers[:2], 16) - 1]
                if source in own:
                    yield (source, pos), (target, target_pos, int(numbers[2:], 16) - 1)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/wordnet"
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "../src/base/words.cpp"), encoding="utf-8") as file:
        stem = stems_by(file.read())
    senses, known = senses_of(folder)
    lemmas_at = {}
    for name, pos in POS.items():
        for line in open(os.path.join(folder, "data." + name), encoding="ascii"):
            if not line.startswith(" "):
                parts = line.split()
                lemmas_at[(pos, parts[0])] = [parts[4 + 2 * i] for i in range(int(parts[3], 16))]
    table = collections.defaultdict(set)

    def add(one, other):
        if stem(one) != stem(other):
            table[stem(one)].add(other)
            table[stem(other)].add(one)

    for one, other in pairs_of(folder):
        if isinstance(one, str):
            add(one, other)
            continue
        target, pos, number = other
        word = lemmas_at[(pos, target)][number]
        if re.fullmatch(r"[a-z]{3,}", word) and target in senses.get((pos, word), ()):
            if (one[0], one[1]) in known or (word, pos) in known:
                add(one[0], word)
    for key in sorted(table):
        words = sorted(table[key])
        if len(words) <= WORDS_MAX:
            print(key + "\t" + " ".join(words))


if __name__ == "__main__":
    main()
