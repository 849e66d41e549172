#!/usr/bin/env python3
"""Files that are no text, files of the store that were emptied or overwritten, what a killed process
left, a contract that is none. Through the real binary and the real store.

bad_files_test.py NAESTRO_BINARY"""
import json
import os
import pathlib
import re
import subprocess
import unittest

import bad_input_test as base


class BadFiles(base.World):
    def one_step(self, tool, arguments):
        self.file.write_text(json.dumps({
            "naestro": "plan/1", "goal": "look", "inputs": {},
            "steps": [{"id": "look", "do": {"tool": tool}, "with": arguments}],
            "outputs": {"seen": "${steps.look.out}"}}))

    def outputs(self):
        return json.loads(self.naestro("show", "last", "--json"))["outputs"]["seen"]

    def test_what_is_not_utf8_is_named_with_its_place_and_all_else_is_read(self):
        (self.work / "t.csv").write_bytes(b"a,b\n1,x\n2,\xe4\n")
        (self.work / "n.md").write_bytes(b"# Gr\xfc\xdfe\n")
        (self.work / "good.csv").write_bytes("a,b\n1,ä\n".encode())
        bad_name = os.path.join(os.fsencode(self.work), b"alpha-\xff.txt")
        with open(bad_name, "wb") as file:
            file.write(b"alpha\n")
        query = {"aggregates": [{"fn": "count", "as": "n"}]}
        for tool, arguments, says in (
                ("csv.query@1", {"file": "t.csv", **query}, "t.csv:3: .* at byte 10; save"),
                ("files.read@1", {"path": "n.md"}, "n.md:1: .* at byte 4; save")):
            self.one_step(tool, arguments)
            self.run_it(code=1, says="NE0502 " + says + " the file as UTF-8")
        self.one_step("csv.query@1", {"file": "good.csv", **query})
        self.run_it()
        self.one_step("files.search@1", {"path": ".", "query": "alpha"})
        self.run_it()
        seen = self.outputs()
        self.assertEqual({match["file"] for match in seen["matches"]}, {"a.txt"})
        self.assertEqual(seen["skipped_files"], 3)
        self.one_step("files.list@1", {"path": "."})
        self.run_it()
        self.assertEqual([file["file"] for file in self.outputs()["files"]],
                         ["a.txt", "good.csv", "n.md", "t.csv"])
        self.naestro("run", "what is the b of 2?", "-w", str(self.work), code=1,
                     says="not read, since no UTF-8 text or too large: n.md, t.csv")
        self.naestro("audit", "verify", says="Good")
        self.assertEqual((self.work / "t.csv").read_bytes(), b"a,b\n1,x\n2,\xe4\n")
        self.assertTrue(os.path.exists(bad_name))

    def test_an_emptied_store_is_not_made_anew(self):
        self.run_it()
        store = self.store / "store.db"
        kept = store.read_bytes()
        store.write_bytes(b"")
        self.run_it(code=1, says="NE0202 .*store.db is empty, but .*heads has signed heads: .*; "
                                 "restore it from a backup, or remove the empty file")
        for words in (["runs"], ["show", "last"], ["audit", "verify"]):
            self.naestro(*words, code=1, says="NE0202 .*store.db.*; .*restore")
        self.assertEqual(store.read_bytes(), b"")
        store.write_bytes(kept)
        self.nothing_lost(1)
        store.write_bytes(b"")
        store.unlink()  # as the remedy says
        self.run_it()
        out = self.naestro("audit", "verify", code=1, says="FOUND store_missing")
        pathlib.Path(re.search(r"yourself, remove (\S+)\n", out)[1]).unlink()
        self.nothing_lost(1)

    def test_keys_that_are_no_database_are_named(self):
        self.run_it()
        keys = self.store / "keys.db"
        kept = keys.read_bytes()
        for data in (b"garbage" * 1000, kept[:4096], kept[:100]):
            keys.write_bytes(data)
            for words in (["show", "last"], ["resume", "last"]):
                self.naestro(*words, code=1,
                             says=r"NE0202 .*/keys\.db: .*; restore it from a backup; or give")
            self.run_it(code=1, says=r"NE0202 .*/keys\.db: ")
            self.naestro("audit", "verify", says="Good")  # the events need no keys
            self.assertEqual(keys.read_bytes(), data)
        keys.write_bytes(kept)
        self.nothing_lost(1)

    def test_what_a_killed_process_left_is_no_document_and_goes_with_the_next_write(self):
        left = self.work / ".naestro-0123456789abcdef.tmp"
        left.write_text("alpha\n")
        mine = self.work / ".naestro-notes.tmp"
        mine.write_text("alpha\n")
        self.one_step("files.search@1", {"path": ".", "query": "alpha"})
        self.run_it()
        self.assertEqual({match["file"] for match in self.outputs()["matches"]}, {"a.txt"})
        self.assertTrue(left.exists())
        self.one_step("files.write@1", {"path": "out.txt", "content": "new"})
        done = self.run_it(code=5)
        digest = [word for word in done.split() if len(word) == 64][-1]
        self.naestro("approve", "last", digest)
        self.naestro("resume", "last")
        self.assertEqual((self.work / "out.txt").read_text(), "new")
        self.assertEqual({file.name for file in self.work.iterdir()},
                         {"a.txt", "out.txt", mine.name})

    def test_a_contract_that_is_none_disables_its_model_alone(self):
        folder = self.folder / "data/naestro/models"
        folder.mkdir(parents=True)
        good = {"name": "good", "kind": "model.local", "file": "good.gguf",
                "file_sha256": "0" * 64, "context_tokens": 512, "usd_per_mtok_in": "0",
                "usd_per_mtok_out": "0", "price_list": "local/1", "licence": "mit"}
        (folder / "good.json").write_text(json.dumps(good))
        (folder / "a.json").write_text("{")
        (folder / "b.json").write_text(json.dumps(dict(good, context_tokens="many", name="b")))
        (folder / "same.json").write_text(json.dumps(good))
        (folder / "folder.json").mkdir()
        said = self.run_it(says="Answer: said: hi")
        for name in ("a", "b", "same", "folder"):
            self.assertRegex(said, rf"/{name}\.json: warning: this model is left out: NE.*; "
                                   "mend or remove the file")
        self.assertNotIn("good.json: warning", said)
        listed = self.naestro("models")
        self.assertRegex(listed, r"(?m)^good ")
        self.assertNotRegex(listed, r"(?m)^b ")
        checks = json.loads(subprocess.run([base.BINARY, "doctor", "--json"], env=self.env,
                                           capture_output=True).stdout)["checks"]
        check = next(check for check in checks if check["id"] == "config")
        self.assertEqual(check["status"], "warn")
        for name in ("a", "b", "same", "folder"):
            self.assertIn(f"/{name}.json: warning: this model is left out", check["meaning"])
        self.naestro("--strict-config", "runs", code=2)


if __name__ == "__main__":
    unittest.main(argv=base.sys.argv[:1])
