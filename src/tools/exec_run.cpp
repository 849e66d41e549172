// exec.run@1 and @2: a program behind the wall of the room sandbox; of @2 with a way to hosts.
#include <algorithm>

#include "base/text.hpp"
#include "sandbox/confine.hpp"
#include "tools/calls.hpp"

namespace naestro::tools {
namespace {

// Of each stream. JSON writes a control character as six bytes, U+FFFD stands for one byte as
// three, so that both streams together stay below the contract's cap.
constexpr std::size_t kStreamBytesMax = 65'536;
constexpr std::string_view kCut = "\n[cut: more was printed]\n";
constexpr std::size_t kHostsMax = 16;
constexpr std::size_t kOriginBytesMax = 300;
constexpr std::size_t kNetworkBytesMax = 6 * sandbox::kRefusalsMax * sandbox::kRefusalBytesMax +
                                         kHostsMax * (kOriginBytesMax + 100) + 100;
static_assert(2 * (6 * kStreamBytesMax + 6 * kCut.size()) + 200 + kNetworkBytesMax <=
              kExecOutputMax);

// Text as it is; of other bytes each becomes U+FFFD.
std::string valid_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string{bytes};
  std::string out;
  while (!bytes.empty()) {
    std::size_t length = 1;
    while (length <= 4 && !is_utf8(bytes.substr(0, length))) ++length;
    const bool text = length <= std::min<std::size_t>(4, bytes.size());
    out += text ? bytes.substr(0, length) : "\xef\xbf\xbd";
    bytes.remove_prefix(text ? length : 1);
  }
  return out;
}

json::Value shown(std::string_view bytes, bool cut) {
  std::string text = valid_utf8(bytes);
  if (cut) text += kCut;
  return json::Value(text);
}

// What the call names, each of which the user's list has to have.
Result<net::HostList> hosts_of(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::vector<std::string> entries, texts_argument(arguments, "hosts"));
  if (entries.size() > kHostsMax) {
    return fail(Code::kToolFailed, "more than " + std::to_string(kHostsMax) + " hosts are named",
                "name those that the program needs");
  }
  std::string text;
  for (const std::string& entry : entries) {
    NAESTRO_LET(const net::Url url, net::parse_entry(entry));
    text += net::origin(url) + " ";
  }
  NAESTRO_LET(net::HostList hosts, net::HostList::parse(text));
  const net::HostList listed = context.hosts == nullptr ? net::HostList{} : *context.hosts;
  if (const net::HostList others = hosts.without(listed); !others.empty()) {
    return net::not_listed(others.text(), listed);
  }
  return hosts;
}

void add_network(const sandbox::Ended& ended, json::Object& result) {
  json::Array reached;
  for (const sandbox::Reached& each : ended.reached) {
    reached.push_back(
        json::Object{{"origin", each.origin},
                     {"connections", static_cast<std::int64_t>(each.connections)},
                     {"sent_bytes", static_cast<std::int64_t>(each.sent_bytes)},
                     {"received_bytes", static_cast<std::int64_t>(each.received_bytes)}});
  }
  json::Array refused;
  for (const std::string& each : ended.refused) refused.push_back(shown(each, false));
  result["reached"] = std::move(reached);
  result["refused"] = std::move(refused);
  result["refused_count"] = static_cast<std::int64_t>(ended.refused_count);
}

// `hosts`: empty for no network.
Result<sandbox::Ended> run_program(const json::Object& arguments, const Context& context,
                                   const net::HostList& hosts) {
  sandbox::Job job;
  NAESTRO_LET(job.argv, texts_argument(arguments, "argv"));
  NAESTRO_LET(const std::string_view cwd, text_argument(arguments, "cwd", "."));
  NAESTRO_LET(const std::vector<std::string> writable, texts_argument(arguments, "writable"));
  NAESTRO_LET(const std::string_view input, text_argument(arguments, "stdin", ""));
  if (job.argv.empty() || job.argv.front().empty()) {
    return fail(Code::kToolFailed, "argv names no program", "its first word is the program");
  }
  for (const std::string& word : job.argv) {
    if (!word.contains('\0')) continue;
    return fail(Code::kToolFailed, "a word of argv holds a zero byte", "no program can take it");
  }
  NAESTRO_LET(job.folder, context.workspace.folder("."));
  NAESTRO_LET(job.cwd, context.workspace.folder(cwd));
  for (const std::string& path : writable) {
    NAESTRO_LET(std::string folder, context.workspace.folder(path));
    job.writable.push_back(std::move(folder));
  }
  job.hides = sandbox::barred_below(job.folder, context.workspace.barred().read);
  job.fixes = sandbox::barred_below(job.folder, context.workspace.barred().write);
  if (!hosts.empty()) job.hosts = hosts;
  job.input = input;
  job.output_bytes_max = kStreamBytesMax;
  NAESTRO_LET(sandbox::Ended ended, sandbox::run(sandbox::glance(), job, context.stop));
  if (ended.hidden > 0) {
    ended.notes.push_back("the policy hides " + std::to_string(ended.hidden) +
                          (ended.hidden == 1 ? " file or folder" : " files and folders") +
                          " of the workspace from it");
  }
  for (const std::string& note : ended.notes) {
    ended.err.resize(
        std::min(ended.err.size(), kStreamBytesMax - std::min(kStreamBytesMax, note.size() + 20)));
    ended.err += "\n[naestro: " + note + "]\n";
  }
  return ended;
}

json::Object result_of(const sandbox::Ended& ended) {
  return {{"exit_code", ended.signal != 0 ? -1 : ended.exit_code},
          {"signal", ended.signal},
          {"stdout", shown(ended.out, ended.out_cut)},
          {"stderr", shown(ended.err, ended.err_cut)},
          {"truncated", ended.out_cut || ended.err_cut}};
}

}  // namespace

Result<json::Value> exec_run(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const sandbox::Ended ended, run_program(arguments, context, {}));
  return result_of(ended);
}

Result<json::Value> exec_run_with_hosts(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const net::HostList hosts, hosts_of(arguments, context));
  NAESTRO_LET(const sandbox::Ended ended, run_program(arguments, context, hosts));
  json::Object result = result_of(ended);
  add_network(ended, result);
  return result;
}

}  // namespace naestro::tools
