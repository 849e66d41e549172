// exec.run@1: a program behind the wall of the room sandbox.
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
static_assert(2 * (6 * kStreamBytesMax + 6 * kCut.size()) + 200 <= kExecOutputMax);

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

}  // namespace

Result<json::Value> exec_run(const json::Object& arguments, const Context& context) {
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
  return json::Object{{"exit_code", ended.signal != 0 ? -1 : ended.exit_code},
                      {"signal", ended.signal},
                      {"stdout", shown(ended.out, ended.out_cut)},
                      {"stderr", shown(ended.err, ended.err_cut)},
                      {"truncated", ended.out_cut || ended.err_cut}};
}

}  // namespace naestro::tools
