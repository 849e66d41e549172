#include "cli/session.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/text.hpp"
#include "cli/render.hpp"
#include "ledger/files.hpp"
#include "run/system_events.hpp"

namespace naestro::cli {

void print(std::FILE* file, const std::string& text) {
  const std::string plain = printable(text);
  std::fwrite(plain.data(), 1, plain.size(), file);
  std::fflush(file);
}

int report(House& house, const Error& error) {
  print(house.err, "naestro: " + error.text() + "\n");
  return info(error.code).exit;
}

ledger::Store::Options store_options(House& house, const crypto::KeyPair& key) {
  return {house.clock, house.random, key, house.host, "pid " + std::to_string(::getpid()), {}};
}

Result<Session> open_session(House& house) {
  Session session;
  const bool fresh = !ledger::read_whole(house.folders.data + "/signing.key");
  if (fresh && ledger::store_has_heads(house.folders)) {
    return fail(Code::kKeyMissing,
                "the store in " + house.folders.state + " is signed, but its key " +
                    house.folders.data + "/signing.key is not there",
                "restore the key from a backup, or move the store away to begin a new one");
  }
  NAESTRO_LET(session.key, ledger::load_or_make_signing_key(house.folders.data, house.random));
  if (fresh) {
    print(house.err, "made the signing key " + house.folders.data + "/signing.key\n");
  }
  NAESTRO_LET(session.store, ledger::Store::open(house.folders, store_options(house, session.key)));
  const std::string keys = ledger::keys_file(house.folders);
  NAESTRO_LET(const std::vector<std::string> runs, session.store->runs());
  if (!runs.empty() && !std::filesystem::exists(keys)) {
    // A new one made in silence would make all former runs look erased.
    return fail(
        Code::kKeyMissing, "the store has runs, but " + keys + " with their keys is gone",
        "restore it from a backup; or give the former contents up: make it as an empty file");
  }
  NAESTRO_LET(session.keys, ledger::KeyRing::open(keys, ledger::Database::Mode::read_write));
  return session;
}

Result<Session> look_session(House& house) {
  Session session;
  // Looking needs no private key; heads are checked by audit verify.
  NAESTRO_LET(session.store,
              ledger::Store::open_to_look(house.folders, store_options(house, session.key)));
  const std::string keys = ledger::keys_file(house.folders);
  if (!std::filesystem::exists(keys)) {
    // The keys are made after the store and before the first run.
    NAESTRO_LET(const std::vector<std::string> runs, session.store->runs());
    if (runs.empty()) {
      return fail(Code::kNotFound, "there is no run yet in " + house.folders.state,
                  "begin one: naestro run");
    }
  }
  NAESTRO_LET(session.keys, ledger::KeyRing::open(keys, ledger::Database::Mode::read_only));
  return session;
}

Result<std::string> find_run(ledger::Store& store, std::string_view text) {
  NAESTRO_LET(const std::vector<std::string> runs, store.runs());
  if (text == "last" && !runs.empty()) return runs.back();
  std::vector<std::string> hits;
  for (const std::string& run : runs) {
    if (run == text) return run;
    if (!text.empty() && run.starts_with(text)) hits.push_back(run);
  }
  if (hits.size() == 1) return hits.front();
  return fail(Code::kRunUnknown,
              "'" + std::string{text} + "' names " +
                  (hits.empty() ? "no run" : std::to_string(hits.size()) + " runs"),
              "list them with 'naestro runs'");
}

bool owner_did(const std::function<bool()>& done) {
  constexpr std::chrono::milliseconds kLook{50};
  constexpr int kLooks = 200;
  for (int looks = 0; looks < kLooks; ++looks) {
    if (done()) return true;
    std::this_thread::sleep_for(kLook);
  }
  return false;
}

Result<void> use_policy_of(House& house, const json::Object& context) {
  const auto workspace = json::text_at(context, "workspace");
  if (!workspace || !house.use_policy_of) return {};
  return house.use_policy_of(std::string{*workspace});
}

Result<crypto::BlobKey> key_of(Session& session, const std::string& run) {
  auto key = session.keys->find(run);
  if (key || key.error().code != Code::kKeyMissing) return key;
  NAESTRO_LET(const auto system, session.store->events(ledger::kSystemStream));
  const std::int64_t at = run::shredded_at(system, run);
  if (at == 0) {
    return fail(Code::kKeyMissing,
                "the key of run " + run + " is not in keys.db, and nobody erased it on record",
                "restore keys.db from a backup; without it nothing can be read of the run");
  }
  return fail(
      Code::kKeyMissing,
      "the contents of run " + run + " were erased on " + time_text(at) + " UTC, by audit shred",
      "that is for good; 'naestro show " + run + "' says what is left");
}

plan::Environment environment(const House& house) {
  return {.tools = house.tools,
          .models = house.models,
          .policy = house.policy,
          .user = house.user,
          .default_model = house.settings.model,
          .concurrency_max = static_cast<std::int64_t>(run::kConcurrencyMax)};
}

json::Object versions(const House& house) {
  json::Object out{{"naestro", house.version}, {"policy", hex(house.policy.digest())}};
  if (!house.settings.model.empty()) out["model"] = house.settings.model;
  return out;
}

Result<json::Object> parse_inputs(const std::vector<std::string>& words, std::string_view flag) {
  json::Object out;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(Code::kUsage, "'" + word + "' is not NAME=VALUE",
                  "write " + std::string{flag} + " name=value");
    }
    const std::string name = word.substr(0, equals);
    if (out.contains(name)) {
      return fail(Code::kUsage, "'" + name + "' is given twice", "give one value for each name");
    }
    const std::string value = word.substr(equals + 1);
    auto parsed = json::parse(value);
    out[name] = parsed ? *std::move(parsed) : json::Value(value);
  }
  return out;
}

Result<json::Object> parse_inputs(const plan::Program& program,
                                  const std::vector<std::string>& words, std::string_view flag) {
  NAESTRO_LET(json::Object out, parse_inputs(words, flag));
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const auto input = program.inputs.find(word.substr(0, equals));
    if (input == program.inputs.end()) continue;
    const json::Object* schema = input->second.schema.if_object();
    json::Value& value = out[input->first];
    if (schema != nullptr && json::text_at(*schema, "type") == "string" && !value.is_string()) {
      value = json::Value(word.substr(equals + 1));
    }
  }
  return out;
}

}  // namespace naestro::cli
