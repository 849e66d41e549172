// files.instructions@1: what the workspace itself says about working in it, from the root down.
#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/text_file.hpp"

namespace naestro::tools {
namespace {

constexpr std::string_view kName = "AGENTS.md";  // https://agents.md
constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;
constexpr std::size_t kTextBytesMax = std::size_t{32} << 10;  // of all files together
constexpr std::size_t kFoldersMax = 100;

// The folders from `path` up to the root of the workspace, "" for the root.
std::vector<std::string> folders_above(std::string path) {
  std::vector<std::string> out;
  if (path == ".") path.clear();
  while (!path.empty()) {
    out.push_back(path);
    const std::size_t slash = path.rfind('/');
    path.resize(slash == std::string::npos ? 0 : slash);
  }
  out.emplace_back();
  return out;
}

// Whole lines, as many as there is room for.
std::string_view head_of(std::string_view text, std::size_t room) {
  if (text.size() <= room) return text;
  const std::size_t end = text.substr(0, room).rfind('\n');
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

}  // namespace

Result<json::Value> files_instructions(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view name, text_argument(arguments, "path"));
  NAESTRO_LET(const std::string path, normal_path(name));
  const std::vector<std::string> folders = folders_above(path);
  if (folders.size() > kFoldersMax) {
    return fail(Code::kToolFailed,
                "'" + shorten(path, 200) + "' lies more than " + std::to_string(kFoldersMax) +
                    " folders deep",
                "name a folder above it");
  }
  // What lies nearest is the most to the point, so it has the room first.
  std::vector<std::string> parts;
  json::Array files;
  std::size_t room = kTextBytesMax;
  bool truncated = false;
  for (const std::string& folder : folders) {
    NAESTRO_TRY(go_on(context.stop));
    const std::string file = (folder.empty() ? "" : folder + "/") + std::string{kName};
    const auto text = read_text(file, kFileBytesMax, context);
    if (!text && text.error().code == Code::kNotFound) continue;
    json::Object row{{"path", file}, {"bytes", 0}, {"shown", 0}, {"sha256", ""}, {"problem", ""}};
    if (text) {
      const std::string title = "## " + file + "\n";
      const std::string_view shown = head_of(*text, room - std::min(room, title.size() + 1));
      room -= shown.empty() ? 0 : title.size() + shown.size() + 1;
      truncated = truncated || shown.size() < text->size();
      row["bytes"] = static_cast<std::int64_t>(text->size());
      row["shown"] = static_cast<std::int64_t>(shown.size());
      row["sha256"] = hex(crypto::sha256(*text));
      if (!shown.empty())
        parts.push_back(title + std::string{shown} + (shown.ends_with('\n') ? "" : "\n"));
    } else {  // one that cannot be read spoils none of the others
      row["problem"] = shorten(text.error().message, 300);
    }
    files.push_back(std::move(row));
  }
  std::ranges::reverse(parts);
  std::ranges::reverse(files);
  std::string all;
  for (const std::string& part : parts) all += part;
  return json::Value(json::Object{
      {"text", std::move(all)}, {"files", std::move(files)}, {"truncated", truncated}});
}

}  // namespace naestro::tools
