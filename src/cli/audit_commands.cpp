// Commands that check: audit verify, of the store or of what left one; audit witness.
#include <filesystem>

#include "cli/session.hpp"
#include "ledger/files.hpp"
#include "ledger/kept.hpp"
#include "ledger/tiles.hpp"
#include "ledger/witness.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kBundleFileMax = std::size_t{1} << 30;
constexpr std::size_t kHeadFileMax = std::size_t{1} << 20;

// What there is, and how far it is proven.
std::string extent_text(const ledger::AuditReport& audit, bool witnessed) {
  std::string out = "Store " + audit.store_id + ": " + std::to_string(audit.events) + " events, " +
                    std::to_string(audit.blobs) + " blobs, " + std::to_string(audit.heads) +
                    " signed heads\nComplete up to head " + std::to_string(audit.proven);
  if (audit.signed_over > audit.proven) {
    out += "; what was signed behind it, up to event " + std::to_string(audit.signed_over) +
           ", is not what the store has";
  }
  if (audit.unsigned_tail > 0) {
    out +=
        "; the last " + std::to_string(audit.unsigned_tail) +
        (audit.good() ? " events are not signed yet" : " events are under no head that verifies");
  }
  out += audit.mirrored ? "; the head kept outside of the store, at " +
                              std::to_string(audit.mirrored_at) + ", agrees"
         : audit.mirror_found ? "; the head kept outside of the store does not agree"
                              : "; no head was found outside of the store";
  return out +
         (witnessed ? "; the kept head agrees\n" : "; without a witness the end is not provable\n");
}

void print_findings(House& house, const std::vector<ledger::Finding>& findings) {
  for (const ledger::Finding& finding : findings) {
    print(house.out, "FOUND " + finding.what + ": " + finding.where + ": " + finding.detail + "\n");
  }
}

std::string verdict(const std::vector<ledger::Finding>& findings, std::string_view good) {
  return findings.empty() ? "Good: " + std::string{good} + "\n"
                          : "NOT GOOD: " + std::to_string(findings.size()) + " findings\n";
}

Result<ledger::Trust> trust_of(const House& house, const AuditOptions& options) {
  ledger::Trust out;
  const std::string own = house.folders.data + "/signing.pub";
  NAESTRO_LET(out.key, ledger::read_public_key(options.key_file.empty() ? own : options.key_file));
  if (!options.former.empty()) {
    NAESTRO_LET(out.former, ledger::read_whole(options.former, kHeadFileMax));
  }
  for (const std::string& file : options.witnesses) {
    NAESTRO_LET(ledger::NoteKey witness, ledger::read_note_key(file));
    if (witness.type != ledger::NoteKey::kWitness) {
      return fail(Code::kUsage, "the key in " + file + " is not a witness's",
                  "one has the type 0x04; 'naestro audit witness' writes it");
    }
    out.witnesses.push_back(std::move(witness));
  }
  if (!out.witnesses.empty() && options.former.empty() && options.file.empty()) {
    return fail(Code::kUsage, "a store's heads carry no cosignature",
                "give the head that the witness cosigned with --from");
  }
  return out;
}

int verify_store(House& house, const ledger::Trust& trust, bool as_json) {
  const auto audit = ledger::audit(house.folders, trust);
  if (!audit) return report(house, audit.error());
  if (as_json) {
    print(house.out, json::pretty(ledger::to_json(*audit)));
  } else {
    print_findings(house, audit->findings);
    print(house.out, audit->there ? extent_text(*audit, trust.former && audit->good())
                                  : "There is no store in " + house.folders.state + "\n");
    print(house.out,
          verdict(audit->findings, "nothing was changed, dropped, doubled or reordered"));
  }
  return audit->good() ? 0 : 1;
}

std::string extent_text(const ledger::BundleReport& checked) {
  std::string out = "Store " + checked.store_id;
  if (!checked.run.empty()) out += ", run " + checked.run;
  out += ": ";
  if (checked.events > 0) {
    out += std::to_string(checked.events) + " events";
    if (!checked.first.empty()) out += ", " + checked.first + " to " + checked.last;
    if (checked.consents > 0) out += ", " + std::to_string(checked.consents) + " consents";
    out += ", under ";
  }
  out += "a signed head over " + std::to_string(checked.size) + "\n";
  if (checked.texts + checked.taken_out > 0) {
    out += "In the clear: " + std::to_string(checked.texts) + " texts, each proven, and " +
           std::to_string(checked.taken_out) +
           " from which something was taken out, which nothing here proves\n";
  }
  return out;
}

int verify_file(House& house, const std::string& file, const ledger::Trust& trust, bool as_json) {
  ledger::BundleReport checked;
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    const ledger::GetFile get = [&](const std::string& path) {
      return ledger::read_whole(file + "/" + path, kBundleFileMax);
    };
    checked = ledger::check_log(get, trust);
  } else {
    const auto text = ledger::read_whole(file, kBundleFileMax);
    if (!text) return report(house, text.error());
    checked = ledger::check_bundle(*text, trust);
  }
  if (as_json) {
    print(house.out, json::pretty(ledger::to_json(checked)));
  } else {
    print_findings(house, checked.findings);
    print(house.out, extent_text(checked));
    print(house.out, verdict(checked.findings,
                             checked.events > 0 ? "each was in the store when the head was signed"
                                                : "its store signed it"));
  }
  return checked.good() ? 0 : 1;
}

}  // namespace

int audit_verify(House& house, const AuditOptions& options) {
  const auto trust = trust_of(house, options);
  if (!trust) return report(house, trust.error());
  return options.file.empty() ? verify_store(house, *trust, options.json)
                              : verify_file(house, options.file, *trust, options.json);
}

int audit_witness(House& house, const std::string& file, const std::string& key_file) {
  const auto signer = ledger::read_public_key(key_file);
  if (!signer) return report(house, signer.error());
  const auto text = ledger::read_whole(file, kHeadFileMax);
  if (!text) return report(house, text.error());
  const std::string folder = house.folders.data + "/witness";
  const auto cosigned = ledger::cosign(folder, *signer, *text, house.clock, house.random);
  if (!cosigned) return report(house, cosigned.error());
  print(house.out, cosigned->checkpoint);
  print(house.err,
        "cosigned as " + cosigned->witness.name + "; its key is in " + folder + "/key\n");
  return 0;
}

}  // namespace naestro::cli
