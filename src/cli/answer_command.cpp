// approve and refuse: the answer to an open question, for the run's process to take.
#include <algorithm>

#include "cli/grants.hpp"
#include "cli/loaded.hpp"

namespace naestro::cli {
namespace {

// The answer of the question that the run has taken already, if there is one.
std::optional<bool> taken_answer(const Loaded& loaded, const std::string& digest) {
  for (const ledger::StoredEvent& stored : loaded.events) {
    const ledger::Event& event = stored.event;
    if (event.kind != "consent.given" && event.kind != "consent.refused") continue;
    if (json::text_at(event.data, "digest") == digest) return event.kind == "consent.given";
  }
  return std::nullopt;
}

Result<run::OpenQuestion> open_question(const Loaded& loaded, const std::string& id,
                                        const std::string& digest) {
  const auto& questions = loaded.view.questions;
  const auto question = std::ranges::find(questions, digest, &run::OpenQuestion::digest);
  if (question != questions.end()) return *question;
  return fail(Code::kConsentUnknown,
              "run " + id + " has no open question with the digest " + digest,
              "list them with 'naestro consents'");
}

// The first answer counts. Asked within the transaction that writes the answer, so that of two who
// answer at the same time one is told.
Result<void> unanswered(Session& session, const std::string& id, const std::string& digest) {
  NAESTRO_LET(const Loaded loaded, load(session, id));
  const auto question = open_question(loaded, id, digest);
  const auto given = question ? given_answer(session, id, digest) : taken_answer(loaded, digest);
  if (given) {
    return fail(Code::kConsentAnswered,
                "the question " + digest + " of run " + id + " is already answered: " +
                    (*given ? "yes" : "no") + "; the first answer counts, nothing was changed",
                "see 'naestro show " + id + "'; to end the run: naestro kill " + id);
  }
  if (!question) return std::unexpected(question.error());
  return {};
}

// A yes that has to say why, and does not, is none.
Result<void> says_why(Session& session, const std::string& id, const std::string& digest) {
  NAESTRO_LET(const Loaded loaded, load(session, id));
  const auto question = open_question(loaded, id, digest);
  const auto what = question ? json::parse(clear(loaded, question->question)) : json::Value{};
  if (!what || what->is_null() || !run::wants_reason(*what)) return {};
  return fail(Code::kUsage, "a yes to this question says why", "give it with --reason");
}

// The run as it is, with the question still open.
struct Asked {
  run::Recovery recovery;
  run::Question question;
};

Result<Asked> asked(House& house, Session& session, const std::string& id,
                    const std::string& digest) {
  NAESTRO_LET(const Digest wanted, digest_from_hex(digest));
  NAESTRO_LET(const crypto::BlobKey key, key_of(session, id));
  NAESTRO_LET(run::Recovery recovery, recover(house, session, id, run::Sealer{key}));
  auto question = recovery.machine->question(wanted);
  if (!question) return fail(Code::kConsentAnswered, "the question was answered just now");
  return Asked{std::move(recovery), *std::move(question)};
}

// What the run would not take is not recorded: it could not be given again.
Result<void> fits(House& house, Session& session, const std::string& id, const std::string& digest,
                  const json::Value& result) {
  NAESTRO_LET(const Asked open, asked(house, session, id, digest));
  auto taken = open.recovery.machine->fits(open.question, result);
  if (taken) return {};
  return fail(taken.error().code, "--done: " + taken.error().message,
              "nothing was recorded; give it again with a value that fits");
}

// What a yes is to be for longer than once; kept at once, where it is for always.
Result<std::vector<policy::Grant>> lasting(House& house, Session& session, const std::string& id,
                                           const std::string& digest,
                                           const AnswerOptions& options) {
  NAESTRO_TRY(unanswered(session, id, digest));
  NAESTRO_LET(const Asked open, asked(house, session, id, digest));
  NAESTRO_LET(auto grants, shaped(house, open.recovery.machine->lasting(open.question),
                                  {options.scope, options.where, options.until}));
  print(house.out, grants_text(grants));
  if (options.scope != "always") return grants;
  if (!options.confirmed) {
    return fail(Code::kUsage, "nothing was written: this is what it would grant",
                "give the same words with --confirm");
  }
  NAESTRO_TRY(keep_grants(house, *session.store, id, grants));
  return grants;
}

Result<std::string> post_answer(House& house, Session& session, const std::string& id,
                                const std::string& digest, const AnswerOptions& options) {
  const bool yes = options.yes;
  const std::string& result = options.result;
  json::Object payload{{"digest", digest}, {"yes", yes}, {"who", house.user}};
  if (options.scope != "once") {
    NAESTRO_LET(const auto grants, lasting(house, session, id, digest, options));
    payload["scope"] = options.scope;
    payload["grants"] = policy::to_json(grants);
  } else if (!options.where.empty() || !options.until.empty()) {
    return fail(Code::kUsage, "what is answered once is answered as it was asked",
                "add --scope run or --scope always");
  }
  if (yes && options.reason.empty()) NAESTRO_TRY(says_why(session, id, digest));
  if (!options.reason.empty()) payload["reason"] = options.reason;
  if (!result.empty()) {
    NAESTRO_TRY(unanswered(session, id, digest));
    NAESTRO_LET(const Loaded loaded, load(session, id));
    NAESTRO_LET(const run::OpenQuestion question, open_question(loaded, id, digest));
    auto value = json::parse(result);
    if (question.scope != "doubt" || !value) {
      return fail(Code::kUsage, value ? "--done answers an effect in doubt only"
                                      : "--done is not JSON: " + value.error().text());
    }
    NAESTRO_TRY(fits(house, session, id, digest, *value));
    payload["result"] = *std::move(value);
  }
  NAESTRO_TRY(
      session.store->post(id, "consent", payload, [&] { return unanswered(session, id, digest); }));
  const auto owner = session.store->owner(id);
  const bool live = owner && *owner != 0;
  return std::string{yes ? "Approved" : "Refused"} + " for run " + id + ". " +
         (live ? "It goes on by itself.\n" : "Next: naestro resume " + id + "\n");
}

}  // namespace

std::optional<bool> given_answer(Session& session, const std::string& run,
                                 const std::string& digest) {
  const auto rows = session.store->inbox(run);
  if (!rows) return std::nullopt;
  for (const ledger::InboxRow& row : *rows) {
    if (row.kind == "consent" && json::text_at(row.payload, "digest") == digest) {
      return json::bool_at(row.payload, "yes").value_or(false);
    }
  }
  return std::nullopt;
}

int answer(House& house, const std::string& text, const std::string& digest,
           const AnswerOptions& options) {
  auto session = open_session(house);
  if (!session) return report(house, session.error());
  const auto id = find_run(*session->store, text);
  if (!id) return report(house, id.error());
  const auto said = post_answer(house, *session, *id, digest, options);
  if (!said) return report(house, said.error());
  print(house.out, *said);
  return 0;
}

}  // namespace naestro::cli
