// text.diff@1: a unified diff of two files, or of a file and a text.
#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/diff.hpp"
#include "tools/text_file.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kTextBytesMax = std::size_t{8} << 20;
constexpr std::size_t kFrame = 200;

}  // namespace

Result<json::Value> text_diff(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view file_a, text_argument(arguments, "file_a"));
  NAESTRO_LET(const std::string_view file_b, text_argument(arguments, "file_b", ""));
  if (arguments.contains("file_b") == arguments.contains("text")) {
    return fail(Code::kToolFailed, "a diff is of 'file_a' and either 'file_b' or 'text'",
                "give one of the two");
  }
  NAESTRO_LET(const std::string before, read_text(file_a, kTextBytesMax, context));
  std::string after;
  if (arguments.contains("text")) {
    NAESTRO_LET(const std::string_view text, text_argument(arguments, "text"));
    if (text.size() > kTextBytesMax) {
      return fail(Code::kTooLarge,
                  "'text' is larger than " + std::to_string(kTextBytesMax) + " bytes",
                  "compare a part of it");
    }
    after = text;
  } else {
    NAESTRO_LET(after, read_text(file_b, kTextBytesMax, context));
  }
  NAESTRO_TRY(go_on(context.stop));
  Diff diff = unified_diff({file_a, arguments.contains("text") ? "text" : file_b}, before, after,
                           {.json_bytes_max = kDiffOutputMax - kFrame});
  return json::Object{{"diff", std::move(diff.text)}, {"equal", before == after},
                      {"lines_added", diff.added},    {"lines_removed", diff.removed},
                      {"coarse", diff.coarse},        {"truncated", diff.truncated}};
}

}  // namespace naestro::tools
