#include "base/text.hpp"
#include "cli/session.hpp"
#include "run/undo.hpp"
#include "run/view.hpp"

namespace naestro::cli {
namespace {

// What undoing the run needs, read from the store: the plan, and where it is run.
struct Request {
  run::Undo undo;
  json::Object context;
};

Result<Request> request_of(House& house, const std::string& text, const std::string& step) {
  NAESTRO_LET(Session session, look_session(house));
  NAESTRO_LET(const std::string id, find_run(*session.store, text));
  NAESTRO_LET(const crypto::BlobKey key, key_of(session, id));
  NAESTRO_LET(const auto events, session.store->events(id));
  NAESTRO_LET(const std::int64_t owner, session.store->owner(id));
  if (owner != 0) {
    return fail(Code::kRunOwned, "run " + id + " is going on", "wait for it, or stop it first");
  }
  const run::OpenBlob open = run::blob_opener(*session.store, run::Sealer{key});
  NAESTRO_LET(const run::Start start, run::read_start(events.front().event, open));
  NAESTRO_LET(run::Undo undo, run::undo_of(events, open, house.tools, step));
  return Request{std::move(undo), start.context};
}

}  // namespace

int undo(House& house, const std::string& text, const std::string& step,
         const RunOptions& options) {
  auto request = request_of(house, text, step);
  if (!request) return report(house, request.error());
  std::FILE* told = options.json ? house.err : house.out;
  for (const std::string& lasting : request->undo.lasting) {
    print(told, "Cannot be undone: " + lasting + "\n");
  }
  if (json::array_at(request->undo.plan, "steps")->empty()) {
    print(told, "There is nothing to undo.\n");
    return request->undo.lasting.empty() ? 0 : 1;
  }
  if (const auto used = use_policy_of(house, request->context); !used) {
    return report(house, used.error());
  }
  run::Start start;
  start.plan_text = json::pretty(json::Value(request->undo.plan));
  start.context = request->context;
  start.versions = versions(house);
  plan::Compiled compiled = plan::compile(start.plan_text, environment(house));
  if (!compiled.program) {
    return report(house, fail(Code::kPlanRejected,
                              plan::format(compiled.diagnostics.front(), "the undoing plan"))
                             .error());
  }
  return start_run(house, *std::move(compiled.program), std::move(start), {}, options);
}

}  // namespace naestro::cli
