// What leaves the store to be checked elsewhere: audit prove, audit export, export.
#include <filesystem>

#include "cli/private_parts.hpp"
#include "cli/session.hpp"
#include "ledger/bundle.hpp"
#include "ledger/files.hpp"
#include "ledger/tiles.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kCheckpointMax = std::size_t{1} << 16;

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

Result<crypto::PublicKey> own_key(const House& house) {
  return ledger::read_public_key(house.folders.data + "/signing.pub");
}

Result<Source> source_of(House& house, const std::string& text) {
  NAESTRO_LET(Session session, look_session(house));
  ledger::BundleWish wish;
  NAESTRO_LET(wish.run, find_run(*session.store, text));
  NAESTRO_LET(wish.signer, own_key(house));
  return Source{std::move(session), std::move(wish)};
}

// What is written anew: a name that nothing has.
Result<void> not_there(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  return fail(Code::kUsage, path + " is there already",
              "give another name with --output, or remove it");
}

// That the signed tree goes on from the head in `file`.
Result<std::string> consistency(House& house, const std::string& file) {
  NAESTRO_LET(const std::string text, ledger::read_whole(file, kCheckpointMax));
  NAESTRO_LET(const crypto::PublicKey key, own_key(house));
  NAESTRO_LET(const ledger::Head old, ledger::open_head(text, key));
  NAESTRO_LET(const Session session, look_session(house));
  NAESTRO_LET(const ledger::SignedTree tree, session.store->signed_tree());
  const std::vector<Digest>& leaves = tree.leaves;
  if (old.origin != session.store->origin() || old.size > leaves.size() ||
      ledger::root_of({leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(old.size)}) !=
          old.root) {
    return fail(Code::kStoreCorrupt, "the store does not go on from the head in " + file,
                "run 'naestro audit verify --from " + file + "'");
  }
  return ledger::consistency_text(old.size, tree);
}

struct WrittenLog {
  ledger::Published log;
  ledger::WrittenTexts texts;
};

Result<WrittenLog> write_log(House& house, const LogOrder& order) {
  NAESTRO_TRY(not_there(order.output));
  NAESTRO_LET(const Session session, look_session(house));
  NAESTRO_LET(const ledger::SignedTree tree, session.store->signed_tree());
  NAESTRO_LET(const crypto::PublicKey key, own_key(house));
  const auto put = [&](const std::string& path, std::string_view content) -> Result<void> {
    const std::string file = order.output + "/" + path;
    NAESTRO_TRY(ledger::make_folder(file.substr(0, file.rfind('/'))));
    return ledger::write_durably(file, as_bytes(content), 0600);
  };
  WrittenLog out;
  if (order.readable) {  // before the checkpoint, which says that all is there
    NAESTRO_LET(const ledger::TakeOut take_out, private_parts(house, order.with_private));
    NAESTRO_LET(out.texts, ledger::publish_texts(house.folders, *session.store, *session.keys,
                                                 tree.leaves.size(), take_out, put));
  }
  NAESTRO_LET(out.log, ledger::publish_log(house.folders, tree, key, put));
  return out;
}

std::string texts_told(const LogOrder& order, const ledger::WrittenTexts& texts) {
  if (!order.readable) return "; what they say is sealed\n";
  return "; in the clear " + std::to_string(texts.texts) + " texts, and " +
         std::to_string(texts.taken_out) + " from which something was taken out; sealed " +
         std::to_string(texts.sealed) + "\n";
}

}  // namespace

int audit_prove(House& house, const std::string& run, const std::string& event,
                const std::string& from) {
  if (!from.empty()) {
    const auto text = consistency(house, from);
    if (!text) return report(house, text.error());
    print(house.out, *text);
    return 0;
  }
  if (event.empty()) {
    return report(house, fail(Code::kUsage, "what should be proved?",
                              "name a run and the number of an event, or a head with --from")
                             .error());
  }
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

int audit_export(House& house, const LogOrder& order) {
  const auto written = write_log(house, order);
  if (!written) return report(house, written.error());
  const ledger::Published& log = written->log;
  print(house.out, "wrote " + order.output + ": store " + log.store + ", " +
                       std::to_string(log.size) + " events, " + std::to_string(log.consents) +
                       " consents, " + std::to_string(log.files) + " files" +
                       texts_told(order, written->texts) +
                       "Check it anywhere: naestro audit verify --file " + order.output +
                       " --key signing.pub\n");
  if (order.with_private) {
    print(house.err,
          "The former content of files stands in it as it was, with the secrets that it held.\n");
  }
  return 0;
}

int export_run(House& house, const std::string& run, const std::string& output, bool readable) {
  auto source = source_of(house, run);
  if (!source) return report(house, source.error());
  const std::string& id = source->wish.run;
  const std::string file = output.empty() ? id + ".naestro.json" : output;
  if (const auto fresh = not_there(file); !fresh) return report(house, fresh.error());
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
  if (readable) {
    print(house.err,
          "What undoing needs stands in it in the clear: the former content of files as it was, "
          "with the secrets that it held.\n");
  }
  return 0;
}

}  // namespace naestro::cli
