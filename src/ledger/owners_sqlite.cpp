// Run owners and the inbox: what lets several processes share one store.
#include <unistd.h>

#include <charconv>
#include <fstream>

#include "base/text.hpp"
#include "ledger/store.hpp"

namespace naestro::ledger {
namespace {

std::string boot_id() {
  std::string text;
  std::ifstream{"/proc/sys/kernel/random/boot_id"} >> text;
  return text;
}

// Field 22 of /proc/PID/stat (proc(5)); 0 when there is no such process, or it has ended and waits
// only to be heard of.
std::int64_t start_time(std::int64_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text;
  std::getline(in, text);
  const std::size_t name_end = text.rfind(')');  // the name may hold spaces and parentheses
  if (name_end == std::string::npos) return 0;
  const auto fields = split(text.substr(name_end + 1), ' ');
  constexpr std::size_t kState = 1;  // field 3, counted from the one behind the name
  constexpr std::size_t kStartTime = 20;
  std::int64_t value = 0;
  if (fields.size() <= kStartTime || fields[kState] == "Z" || fields[kState] == "X") return 0;
  const std::string& field = fields[kStartTime];
  std::from_chars(field.data(), field.data() + field.size(), value);
  return value;
}

bool alive(const Process& process) {
  return process.pid != 0 && process.boot == boot_id() &&
         start_time(process.pid) == process.started;
}

Result<Process> read_owner(Database& database, std::string_view run) {
  NAESTRO_LET(auto select, database.prepare("SELECT pid, boot, started FROM owners WHERE run = ?"));
  NAESTRO_LET(const bool found, select.bind(1, run).step());
  if (!found) return Process{};
  return Process{select.integer(0), select.text(1), select.integer(2)};
}

}  // namespace

Process this_process() { return {::getpid(), boot_id(), start_time(::getpid())}; }

Result<void> Store::check_owner(const Append& append) {
  if (append.stream == kSystemStream) return {};
  NAESTRO_LET(auto owner, database_.prepare("SELECT fence FROM owners WHERE run = ?"));
  NAESTRO_LET(const bool found, owner.bind(1, std::string_view{append.stream}).step());
  if (found && owner.integer(0) == append.fence) return {};
  return fail(Code::kOwnershipLost, "run " + append.stream + " was taken by another process",
              "see 'naestro show " + append.stream + "'");
}

// A new run: nobody has it yet.
Result<void> Store::claim(std::string_view run) {
  NAESTRO_LET(auto insert,
              database_.prepare("INSERT OR IGNORE INTO owners(run, fence, pid, boot, started) "
                                "VALUES(?, ?, ?, ?, ?)"));
  return insert.bind(1, run)
      .bind(2, kFirstFence)
      .bind(3, self_.pid)
      .bind(4, std::string_view{self_.boot})
      .bind(5, self_.started)
      .execute();
}

Result<std::int64_t> Store::own(std::string_view run) {
  NAESTRO_TRY(sign_recovered_tail());
  std::int64_t fence = 0;
  NAESTRO_TRY(database_.transact([&]() -> Result<void> {
    NAESTRO_LET(const Process owner, read_owner(database_, run));
    if (alive(owner)) {
      return fail(Code::kRunOwned,
                  "run " + std::string{run} + " belongs to process " + std::to_string(owner.pid),
                  "wait for it, or stop that process; 'show' and consents work meanwhile");
    }
    NAESTRO_LET(auto upsert,
                database_.prepare("INSERT INTO owners(run, fence, pid, boot, started) "
                                  "VALUES(?1, 1, ?2, ?3, ?4) ON CONFLICT(run) DO UPDATE SET "
                                  "fence = fence + 1, pid = ?2, boot = ?3, started = ?4 "
                                  "RETURNING fence"));
    upsert.bind(1, run)
        .bind(2, self_.pid)
        .bind(3, std::string_view{self_.boot})
        .bind(4, self_.started);
    NAESTRO_TRY(upsert.step());
    fence = upsert.integer(0);
    return {};
  }));
  return fence;
}

Result<void> Store::disown(std::string_view run, std::int64_t fence) {
  NAESTRO_LET(
      auto update,
      database_.prepare("UPDATE owners SET pid = 0 WHERE run = ? AND fence = ? AND pid <> 0"));
  return update.bind(1, run).bind(2, fence).execute();
}

Result<std::int64_t> Store::owner(std::string_view run) {
  NAESTRO_LET(const Process owner, read_owner(database_, run));
  return alive(owner) ? owner.pid : 0;
}

Result<void> Store::post(std::string_view run, std::string_view kind, const json::Object& payload,
                         const std::function<Result<void>()>& first) {
  return database_.transact([&]() -> Result<void> {
    NAESTRO_TRY(first());
    NAESTRO_LET(
        auto insert,
        database_.prepare("INSERT INTO inbox(run, kind, payload, created_at) VALUES(?, ?, ?, ?)"));
    return insert.bind(1, run)
        .bind(2, kind)
        .bind(3, std::string_view{json::canonical(payload)})
        .bind(4, options_.clock.wall_us())
        .execute();
  });
}

Result<std::vector<InboxRow>> Store::inbox(std::string_view run) {
  NAESTRO_LET(auto select,
              database_.prepare("SELECT id, kind, payload FROM inbox WHERE run = ? ORDER BY id"));
  select.bind(1, run);
  std::vector<InboxRow> out;
  for (;;) {
    NAESTRO_LET(const bool row, select.step());
    if (!row) return out;
    const auto payload = json::parse(select.text(2));
    if (!payload || !payload->is_object()) {
      return fail(Code::kStoreCorrupt, "an inbox row is malformed", "run 'naestro audit verify'");
    }
    out.push_back({select.integer(0), std::string{run}, select.text(1), payload->get_object()});
  }
}

}  // namespace naestro::ledger
