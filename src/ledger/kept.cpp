#include "ledger/kept.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace naestro::ledger {

std::optional<Finding> without_witness(std::string_view checkpoint,
                                       const std::vector<NoteKey>& witnesses) {
  const auto note = Note::from(checkpoint);
  for (const NoteKey& witness : witnesses) {
    if (!note || witness.type != NoteKey::kWitness || signed_by(*note, witness) != Signed::yes) {
      return Finding{"witness_missing", "checkpoint", witness.name + " did not cosign it"};
    }
  }
  return std::nullopt;
}

namespace {

std::optional<Head> open_one(std::string_view checkpoint, const Trust& trust, bool cosigned,
                             std::string_view where, std::vector<Finding>& findings) {
  const auto head = open_head(checkpoint, trust.key);
  if (!head) {
    findings.push_back({"head_bad", std::string{where}, head.error().text()});
    return std::nullopt;
  }
  if (cosigned) {
    if (auto missing = without_witness(checkpoint, trust.witnesses)) {
      missing->where = where;
      findings.push_back(*missing);
    }
  }
  return *head;
}

}  // namespace

Heads open_heads(std::string_view checkpoint, const Trust& trust, std::vector<Finding>& findings) {
  Heads out;
  if (trust.former) out.former = open_one(*trust.former, trust, true, "kept head", findings);
  out.head = open_one(checkpoint, trust, !trust.former, "checkpoint", findings);
  if (!out.head || !out.former) return out;
  const Head& head = *out.head;
  const Head& former = *out.former;
  const auto find = [&](const char* what, std::string detail) {
    findings.push_back({what, "checkpoint", std::move(detail)});
  };
  if (former.origin != head.origin) {
    find("store_other", "the head that was kept is of " + former.origin);
  } else if (former.size > head.size) {
    find("head_older", "a head over " + std::to_string(former.size) +
                           " events was signed before; this one is over " +
                           std::to_string(head.size));
  } else if (former.size == head.size && former.root != head.root) {
    find("history_other", "the head that was kept is over as many events, but others");
  }
  return out;
}

std::string consistency_text(std::uint64_t old_size, const SignedTree& tree) {
  std::string out = "old " + std::to_string(old_size) + "\n";
  if (old_size > 0 && old_size < tree.leaves.size()) {
    for (const Digest& hash : consistency_proof(tree.leaves, old_size, tree.leaves.size())) {
      out += base64(hash) + "\n";
    }
  }
  return out + "\n" + tree.checkpoint;
}

Result<Consistency> Consistency::from(std::string_view text) {
  const auto bad = fail(Code::kUsage, "it is no proof of consistency",
                        "make it with 'naestro audit prove --from CHECKPOINT'");
  const std::size_t end = text.find("\n\n");
  if (!text.starts_with("old ") || end == text.npos) return bad;
  Consistency out;
  out.checkpoint = text.substr(end + 2);
  const std::vector<std::string> lines = split(text.substr(4, end - 4), '\n');
  const std::string& size = lines[0];
  const auto parsed = std::from_chars(size.data(), size.data() + size.size(), out.old_size);
  if (parsed.ec != std::errc{} || size != std::to_string(out.old_size)) return bad;
  for (const std::string& line : lines) {
    if (&line == &lines.front()) continue;
    const auto bytes = from_base64(line);
    if (!bytes || bytes->size() != sizeof(Digest)) return bad;
    std::ranges::copy(*bytes, out.proof.emplace_back().begin());
  }
  return out;
}

}  // namespace naestro::ledger
