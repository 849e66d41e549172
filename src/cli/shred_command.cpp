// `naestro audit shred`: what a run's blobs say is erased; that it ran, and when, stays provable.
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/loaded.hpp"
#include "cli/render.hpp"
#include "cli/system_stream.hpp"
#include "run/system_events.hpp"

namespace naestro::cli {
namespace {

std::string plan_of(const Loaded& loaded) {
  return "Run " + loaded.view.id + ", " + loaded.view.state + ": " +
         shorten(one_line(clear(loaded, loaded.view.goal)), 200) +
         "\n  What it was asked, its plan, arguments, results and answers will be erased, for "
         "good: "
         "it can no\n  longer be replayed, resumed, forked or undone. That it ran, when, and its "
         "events' kinds stay\n  provable. Files that it wrote, exports with --readable, backups of "
         "keys.db, grants, and what\n  forks took from it are not touched.\n";
}

Result<std::string> shred(House& house, const std::string& text, bool confirmed) {
  NAESTRO_LET(Session session, open_session(house));
  NAESTRO_LET(const std::string id, find_run(*session.store, text));
  NAESTRO_LET(const Loaded loaded, load(session, id));
  const std::string& state = loaded.view.state;
  if (state != "done" && state != "failed" && state != "killed") {
    return fail(Code::kUsage, "run " + id + " has not ended",
                "let it end, or end it: naestro kill " + id);
  }
  NAESTRO_LET(const SystemStream stream, read_system_stream(house, *session.store));
  const bool recorded = run::shredded_at(stream.events, id) != 0;
  if (!recorded && !loaded.open) {
    return fail(Code::kKeyMissing, "the key of run " + id + " is gone already",
                "nothing of it can be read; there is nothing to erase");
  }
  if (!confirmed) {
    print(house.out, plan_of(loaded));
    return fail(Code::kUsage, "nothing was erased: this is what would be",
                "give the same words with --confirm");
  }
  // The record first: where the program ends in between, the same command goes on from here.
  if (!recorded) {
    NAESTRO_TRY(write_system_stream(house, *session.store,
                                    [&](std::int64_t seq, const run::Sealer& sealer) {
                                      return run::shredded_run(id, house.user, seq, sealer);
                                    }));
  }
  NAESTRO_LET(const bool was_there, session.keys->erase(id));
  return (was_there ? "Erased: run " : "Erased before: run ") + id + "\n";
}

}  // namespace

int audit_shred(House& house, const std::string& run, bool confirmed) {
  const auto done = shred(house, run, confirmed);
  if (!done) return report(house, done.error());
  print(house.out, *done);
  return 0;
}

}  // namespace naestro::cli
