// `naestro sandbox -- CMD`: one program behind the wall, for a person.
#include <filesystem>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/render.hpp"
#include "cli/secrets.hpp"
#include "cli/system_stream.hpp"
#include "run/system_events.hpp"

namespace naestro::cli {
namespace {

std::vector<std::string> without_secrets(const Secrets& secrets, std::vector<std::string> texts) {
  for (std::string& text : texts) {
    if (auto clean = secrets.clean(text)) text = *std::move(clean);
  }
  return texts;
}

// What was stopped is an event; nothing is written of a program that was not.
Result<void> record(House& house, const SandboxOrder& order, const Confined& confined) {
  const std::filesystem::path folder = order.folder.empty() ? house.cwd : order.folder;
  std::error_code ignored;
  NAESTRO_LET(const auto secrets, Secrets::open(house));
  const run::Confinement confinement{order.profile.empty() ? "workspace" : order.profile,
                                     without_secrets(*secrets, order.argv),
                                     std::filesystem::weakly_canonical(folder, ignored).string(),
                                     without_secrets(*secrets, order.hosts),
                                     without_secrets(*secrets, confined.notes),
                                     confined.code};
  NAESTRO_LET(const Session session, open_session(house));
  return write_system_stream(house, *session.store,
                             [&](std::int64_t seq, const run::Sealer& sealer) {
                               return run::refused_in_sandbox(confinement, house.user, seq, sealer);
                             });
}

}  // namespace

int confine(House& house, const SandboxOrder& order) {
  if (order.argv.empty()) {
    return report(house, fail(Code::kUsage, "no program is named",
                              "write it behind two dashes: naestro sandbox -- make test")
                             .error());
  }
  std::stop_source source;
  if (house.on_interrupt) house.on_interrupt([&source] { source.request_stop(); });
  // At once, in its place among what the program says.
  const auto say = [&house](const std::string& line) {
    print(house.err, "naestro: " + line + "\n");
    std::fflush(house.err);
  };
  const auto confined = house.confine(house, order, say, source.get_token());
  if (house.on_interrupt) house.on_interrupt({});
  if (!confined) return report(house, confined.error());
  for (const std::string& note : confined->notes) say(note);
  if (confined->notes.empty()) return confined->code;
  if (const auto recorded = record(house, order, *confined); !recorded) {
    say("this could not be recorded: " + recorded.error().text());
  }
  return confined->code;
}

int list_refusals(House& house, bool as_json) {
  const auto session = look_session(house);
  const bool none = !session && session.error().code == Code::kNotFound;
  if (!session && !none) return report(house, session.error());
  const auto stream = none ? Result<SystemStream>{} : read_system_stream(house, *session->store);
  if (!stream) return report(house, stream.error());
  const auto all = run::refused(stream->events, stream->open);
  if (!all) return report(house, all.error());
  json::Array rows;
  std::string out;
  for (const run::Refused& each : *all) {
    const run::Confinement& wall = each.confinement;
    json::Object row{{"at", each.at_us},
                     {"who", each.who},
                     {"profile", wall.profile},
                     {"folder", wall.folder},
                     {"exit_code", wall.exit_code}};
    row["argv"] = json::Array(wall.argv.begin(), wall.argv.end());
    row["hosts"] = json::Array(wall.hosts.begin(), wall.hosts.end());
    row["refusals"] = json::Array(wall.refusals.begin(), wall.refusals.end());
    rows.push_back(std::move(row));
    out += time_text(each.at_us) + " UTC, " + one_line(each.who) + ", profile " + wall.profile +
           ", in " + one_line(wall.folder) + ": " + one_line(join(wall.argv, " ")) + "\n";
    for (const std::string& refusal : wall.refusals) out += "  " + one_line(refusal) + "\n";
  }
  print(house.out, as_json       ? json::pretty(rows)
                   : out.empty() ? "Nothing was stopped until now.\n"
                                 : out);
  return 0;
}

}  // namespace naestro::cli
