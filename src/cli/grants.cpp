#include "cli/grants.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "cli/render.hpp"
#include "cli/system_stream.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kIdLetters = 11;
constexpr std::int64_t kYearS = std::int64_t{366} * 86'400;

Result<std::vector<run::KeptGrant>> kept(House& house, ledger::Store& store) {
  NAESTRO_LET(const SystemStream stream, read_system_stream(house, store));
  return run::kept_grants(stream.events, stream.open);
}

std::string allowed_text(const policy::Grant::Allowed& allowed) {
  using enum policy::Grant::Allowed::By;
  switch (allowed.by) {
    case paths: return "any path like " + allowed.paths->text();
    case host: return "any URL of " + allowed.host;
    default: return json::write(allowed.value);
  }
}

}  // namespace

Result<std::int64_t> lasting_s(const std::string& text, std::string_view what) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const std::string_view unit{rest, static_cast<std::size_t>(end - rest)};
  const std::int64_t of = unit == "m" ? 60 : unit == "h" ? 3'600 : unit == "d" ? 86'400 : 0;
  if (error == std::errc{} && of != 0 && number > 0 && number <= kYearS / of) return number * of;
  return fail(Code::kUsage, "'" + text + "' is not a time that " + std::string{what} + " may last",
              "write minutes, hours or days, at most a year: 30m, 8h, 7d");
}

std::string make_id(char first, std::size_t length, Random& random) {
  static constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::vector<std::uint8_t> bytes(length);
  random.fill(bytes);
  std::string id{first};
  for (const std::uint8_t byte : bytes) id += kAlphabet[byte & 31];
  return id;
}

Result<std::vector<policy::Grant>> shaped(const House& house, std::vector<policy::Grant> grants,
                                          const Lasting& lasting) {
  if (grants.empty()) {
    return fail(Code::kUsage, "this question is asked each time: no answer to it lasts",
                "answer it once");
  }
  const bool always = lasting.scope == "always";
  if (!lasting.until.empty() && !always) {
    return fail(Code::kUsage, "only what is for always ends at a time",
                "say --scope always, or leave the time out");
  }
  for (const std::string& word : lasting.where) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string argument = word.substr(0, equals);
    const std::string pattern = equals == word.size() ? "" : word.substr(equals + 1);
    if (grants.size() > 1) {
      return fail(Code::kUsage, "the card has more than one line that asks",
                  "a wider yes is given to one effect, where it is asked by itself");
    }
    NAESTRO_TRY(policy::widen(grants.front(), argument, pattern));
  }
  std::optional<std::int64_t> expires;
  if (!lasting.until.empty()) {
    NAESTRO_LET(const std::int64_t lasts, lasting_s(lasting.until, "a grant"));
    expires = house.clock.wall_us() / 1'000'000 + lasts;
  }
  for (policy::Grant& grant : grants) {
    grant.id = always ? "" : std::string{run::kRunGrant};
    grant.expires_s = expires;
  }
  return grants;
}

std::string grants_text(std::span<const policy::Grant> grants) {
  std::string out;
  for (const policy::Grant& grant : grants) {
    out += grant.id.empty() ? "Grant: " : "Grant " + grant.id + ": ";
    out += grant.target + " in " + one_line(grant.workspace) + "\n";
    for (const auto& [argument, allowed] : grant.authority) {
      out += "  " + argument + ": " + one_line(allowed_text(allowed)) + "\n";
    }
    out += "  answers " + join(grant.asks, ", ") + "\n";
    out += grant.expires_s ? "  until " + time_text(*grant.expires_s * 1'000'000) + "\n"
           : grant.id == run::kRunGrant ? "  in this run\n"
                                        : "  until it is taken back: naestro grants revoke\n";
  }
  return out;
}

Result<std::vector<policy::Grant>> grants_in_force(House& house, ledger::Store& store,
                                                   const std::string& workspace) {
  NAESTRO_LET(const auto all, kept(house, store));
  return run::in_force(all, workspace, house.clock.wall_us());
}

Result<std::vector<policy::Grant>> grants_here(House& house, const std::string& workspace) {
  const auto session = look_session(house);
  if (session) return grants_in_force(house, *session->store, workspace);
  if (session.error().code == Code::kNotFound) return std::vector<policy::Grant>{};
  return std::unexpected(session.error());
}

Result<void> keep_grants(House& house, ledger::Store& store, const std::string& run,
                         std::vector<policy::Grant>& grants) {
  for (policy::Grant& grant : grants) grant.id = make_id('g', kIdLetters, house.random);
  return write_system_stream(house, store, [&](std::int64_t seq, const run::Sealer& sealer) {
    return run::given_grants(grants, run, house.user, seq, sealer);
  });
}

int list_grants(House& house, bool as_json) {
  auto session = look_session(house);
  const bool none = !session && session.error().code == Code::kNotFound;
  if (!session && !none) return report(house, session.error());
  const auto all = none ? Result<std::vector<run::KeptGrant>>{} : kept(house, *session->store);
  if (!all) return report(house, all.error());
  json::Array array;
  std::string out;
  for (const run::KeptGrant& each : *all) {
    const auto& expires = each.grant.expires_s;
    const bool over = expires && *expires <= house.clock.wall_us() / 1'000'000;
    json::Object row = policy::to_json(each.grant).get_object();
    row["run"] = each.run;
    row["who"] = each.who;
    row["given_at"] = each.given_us;
    row["over"] = over;
    array.push_back(std::move(row));
    out += grants_text(std::span{&each.grant, 1}) + "  given by " + one_line(each.who) + " at " +
           time_text(each.given_us) + " in run " + each.run +
           (over ? "; its time is over\n" : "\n");
  }
  print(house.out, as_json ? json::pretty(array) : out.empty() ? "No lasting grants.\n" : out);
  return 0;
}

int revoke_grant(House& house, const std::string& id) {
  auto session = open_session(house);
  if (!session) return report(house, session.error());
  const auto all = kept(house, *session->store);
  if (!all) return report(house, all.error());
  const bool known =
      std::ranges::any_of(*all, [&](const run::KeptGrant& each) { return each.grant.id == id; });
  if (!known) {
    return report(house, fail(Code::kNotFound, "there is no grant '" + id + "'",
                              "list them with 'naestro grants'")
                             .error());
  }
  const auto written =
      write_system_stream(house, *session->store, [&](std::int64_t seq, const run::Sealer& sealer) {
        return run::revoked_grant(id, house.user, seq, sealer);
      });
  if (!written) return report(house, written.error());
  print(house.out, "Taken back: grant " + id +
                       ". A run that is under way keeps it until it ends or is resumed.\n");
  return 0;
}

}  // namespace naestro::cli
