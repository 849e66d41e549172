// Events that leave the store: audit prove, export; and their check without it.
#include <filesystem>

#include "cli/session.hpp"
#include "ledger/bundle.hpp"
#include "ledger/files.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kBundleFileMax = std::size_t{1} << 30;

// "17", or an event's id "r.../17".
Result<std::int64_t> seq_of(const std::string& text, const std::string& run) {
  const std::string number = text.starts_with(run + "/") ? text.substr(run.size() + 1) : text;
  const auto value = json::parse(number);
  if (value && value->is_int64() && value->get_int64() >= 0) return value->get_int64();
  return fail(Code::kUsage, "'" + text + "' is no event of run " + run,
              "give its number, as 'naestro show " + run + " --events' prints it");
}

struct Source {
  Session session;
  ledger::BundleWish wish;
};

Result<Source> source_of(House& house, const std::string& text) {
  NAESTRO_LET(Session session, look_session(house));
  ledger::BundleWish wish;
  NAESTRO_LET(wish.run, find_run(*session.store, text));
  NAESTRO_LET(wish.signer, ledger::read_public_key(house.folders.data + "/signing.pub"));
  return Source{std::move(session), std::move(wish)};
}

}  // namespace

int audit_prove(House& house, const std::string& run, const std::string& event) {
  auto source = source_of(house, run);
  if (!source) return report(house, source.error());
  const auto seq = seq_of(event, source->wish.run);
  if (!seq) return report(house, seq.error());
  source->wish.seq = *seq;
  const auto bundle = ledger::make_bundle(*source->session.store, source->wish);
  if (!bundle) return report(house, bundle.error());
  print(house.out, json::pretty(*bundle));
  return 0;
}

int export_run(House& house, const std::string& run, const std::string& output, bool readable) {
  auto source = source_of(house, run);
  if (!source) return report(house, source.error());
  const std::string& id = source->wish.run;
  const std::string file = output.empty() ? id + ".naestro.json" : output;
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) {
    return report(house, fail(Code::kUsage, file + " is there already",
                              "give another name with --output, or remove it")
                             .error());
  }
  if (readable) {
    const auto key = source->session.keys->find(id);
    if (!key) return report(house, key.error());
    source->wish.run_key = *key;
  }
  const auto bundle = ledger::make_bundle(*source->session.store, source->wish);
  if (!bundle) return report(house, bundle.error());
  const std::string text = json::pretty(*bundle);
  const auto written = ledger::write_durably(file, as_bytes(text), 0600);
  if (!written) return report(house, written.error());
  print(house.out,
        "wrote " + file + ": run " + id + ", " +
            std::to_string(json::array_at(*bundle, "events")->size()) + " events, " +
            (readable ? "with its key and everything in the clear: goal, plan, inputs, results"
                      : "what it says is sealed; --readable adds the key and the clear text") +
            "\nCheck it anywhere: naestro audit verify --file " + file + " --key signing.pub\n");
  return 0;
}

int audit_verify_file(House& house, const std::string& file, const std::string& key_file,
                      bool as_json) {
  const std::string own = house.folders.data + "/signing.pub";
  const auto key = ledger::read_public_key(key_file.empty() ? own : key_file);
  if (!key) return report(house, key.error());
  const auto text = ledger::read_whole(file, kBundleFileMax);
  if (!text) return report(house, text.error());
  const ledger::BundleReport checked = ledger::check_bundle(*text, *key);
  if (as_json) {
    print(house.out, json::pretty(ledger::to_json(checked)));
    return checked.good() ? 0 : 1;
  }
  for (const ledger::Finding& finding : checked.findings) {
    print(house.out, "FOUND " + finding.what + ": " + finding.where + ": " + finding.detail + "\n");
  }
  print(house.out,
        "Store " + checked.store_id + ", run " + checked.run + ": " +
            std::to_string(checked.events) + " events, " + checked.first + " to " + checked.last +
            ", under a signed head over " + std::to_string(checked.size) + "\n" +
            (checked.good()
                 ? "Good: each was in the store when the head was signed\n"
                 : "NOT GOOD: " + std::to_string(checked.findings.size()) + " findings\n"));
  return checked.good() ? 0 : 1;
}

}  // namespace naestro::cli
