#include "tools/text_file.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/diff.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kPathBytesMax = 1000;
constexpr std::size_t kDiffBytesMax = 56'000;

bool is_text(std::string_view bytes) { return !bytes.contains('\0') && is_utf8(bytes); }

std::string hash_of(const std::optional<std::string>& content) {
  return content ? hex(crypto::sha256(*content)) : std::string{};
}

}  // namespace

std::unexpected<Error> not_utf8(std::string_view file, std::string_view text) {
  std::size_t good = 0;
  for (std::size_t length = 1; length <= 4 && good + length <= text.size();) {
    const bool whole = is_utf8(text.substr(good, length));
    good += whole ? length : 0;
    length = whole ? 1 : length + 1;
  }
  return fail(Code::kToolFailed,
              std::string{file} + ":" + std::to_string(first_bad_line(text)) +
                  ": the text is not UTF-8 at byte " + std::to_string(good),
              "save the file as UTF-8");
}

Result<std::string> read_text(std::string_view file, std::size_t bytes_max,
                              const Context& context) {
  NAESTRO_LET(std::string text, context.workspace.read(file, bytes_max));
  if (is_text(text)) return text;
  const std::string name = shorten(file, 200);
  if (text.contains('\0')) {
    return fail(Code::kToolFailed, name + " is no text file: it holds NUL bytes",
                "name a text file");
  }
  return not_utf8(name, text);
}

Result<std::string> written_path(const json::Object& arguments) {
  NAESTRO_LET(const std::string_view text, text_argument(arguments, "path"));
  NAESTRO_LET(std::string path, normal_path(text));
  if (path.size() > kPathBytesMax) {
    return fail(Code::kToolFailed,
                "the path is longer than " + std::to_string(kPathBytesMax) + " bytes",
                "use a shorter name");
  }
  const std::vector<std::string> parts = split(path, '/');
  if (path != "." &&
      std::ranges::any_of(parts, [](const std::string& part) { return part.starts_with('.'); })) {
    return fail(Code::kToolFailed,
                "'" + shorten(path, 200) +
                    "' is hidden or in a hidden folder, and such files are "
                    "not written",
                "name a file whose path has no part that begins with '.'");
  }
  return path;
}

Result<std::optional<std::string>> former_content(const std::string& path, const Context& context) {
  const json::Object* former = context.former == nullptr ? nullptr : context.former->if_object();
  if (former != nullptr) {
    const auto text = json::text_at(*former, "content");
    if (!text) return std::nullopt;
    if (json::text_at(*former, "encoding") != "base64") return std::string{*text};
    const auto bytes = from_base64(*text);
    if (!bytes) return fail(Code::kToolFailed, "the record of '" + path + "' is no base64");
    return std::string{as_text(*bytes)};
  }
  auto content = context.workspace.read_exact(path, kWrittenBytesMax);
  if (!content && content.error().code == Code::kNotFound) return std::nullopt;
  if (!content) return std::unexpected(std::move(content).error());
  return *std::move(content);
}

Result<json::Value> write_text(const std::string& path, const std::optional<std::string>& former,
                               std::string_view content, const Context& context) {
  if (content.size() > kWrittenBytesMax) {
    return fail(Code::kTooLarge,
                "'" + shorten(path, 200) + "' would be larger than " +
                    std::to_string(kWrittenBytesMax) + " bytes",
                "split what is written over several files");
  }
  NAESTRO_TRY(context.workspace.write(path, content));
  Diff diff;
  if (former && !is_text(*former)) {
    diff.text = "What was there is no text.\n";
  } else {
    // Of clean texts: a diff cuts them into lines, and itself.
    const auto clean = [&](std::string_view text) {
      return context.workspace.cleaned(text).value_or(std::string{text});
    };
    diff = unified_diff({former ? path : "/dev/null", path}, clean(former.value_or("")),
                        clean(content), {.json_bytes_max = kDiffBytesMax});
  }
  return json::Object{{"path", path},
                      {"bytes", static_cast<std::int64_t>(content.size())},
                      {"sha256", hex(crypto::sha256(content))},
                      {"sha256_before", hash_of(former)},
                      {"diff", std::move(diff.text)},
                      {"lines_added", diff.added},
                      {"lines_removed", diff.removed},
                      {"truncated", diff.truncated}};
}

}  // namespace naestro::tools
