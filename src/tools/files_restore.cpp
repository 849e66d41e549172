// files.restore: brings a file back to what it was before a run wrote it.
#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "tools/calls.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kFileMax = std::size_t{64} << 20;

// The SHA-256 of what is there now, in hex; "" when there is no file.
Result<std::string> hash_of(const Workspace& workspace, std::string_view path) {
  const auto content = workspace.read_exact(path, kFileMax);
  if (content) return hex(crypto::sha256(*content));
  if (content.error().code == Code::kNotFound) return std::string{};
  return std::unexpected(content.error());
}

Result<std::optional<std::string>> content_of(const json::Object& arguments) {
  const auto text = json::text_at(arguments, "content");
  if (!text) return std::nullopt;
  if (json::text_at(arguments, "encoding") != "base64") return std::string{*text};
  const auto bytes = from_base64(*text);
  if (!bytes) return fail(Code::kToolFailed, "the content is no base64", bytes.error());
  return std::string{as_text(*bytes)};
}

}  // namespace

Result<json::Value> files_restore(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view path, text_argument(arguments, "path"));
  NAESTRO_LET(const std::vector<std::string> written, texts_argument(arguments, "sha256"));
  NAESTRO_LET(const std::optional<std::string> content, content_of(arguments));
  NAESTRO_LET(const std::string now, hash_of(context.workspace, path));
  const std::string former = content ? hex(crypto::sha256(*content)) : std::string{};
  // Equal to the former already: it was restored before, by an attempt whose end was not seen.
  if (now != former) {
    if (std::ranges::find(written, now) == written.end()) {
      return fail(Code::kToolFailed,
                  "'" + shorten(path, 200) + "'" + (now.empty() ? " is gone" : " was changed") +
                      " since the run wrote it",
                  "look at the file; what is there now is kept");
    }
    if (content) {
      NAESTRO_TRY(context.workspace.write(path, *content));
    } else {
      NAESTRO_TRY(context.workspace.remove(path));
    }
    NAESTRO_LET(const std::string after, hash_of(context.workspace, path));
    if (after != former) {
      return fail(Code::kToolFailed,
                  "'" + shorten(path, 200) + "' is not what it was after it was restored");
    }
  }
  return json::Object{{"path", path}, {"removed", !content}, {"sha256", former}};
}

}  // namespace naestro::tools
