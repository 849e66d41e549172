// files.read@1: the lines of one text file.
#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/text_file.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;
constexpr std::int64_t kLinesMax = 2000;
constexpr std::size_t kFrame = 8000;  // the members beside text and quotes

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

Result<json::Value> files_read(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view name, text_argument(arguments, "path"));
  NAESTRO_LET(const std::string path, normal_path(name));
  NAESTRO_LET(const std::int64_t first,
              integer_argument(arguments, "first_line", 1, json::kMaxInteger, 1));
  NAESTRO_LET(const std::int64_t last,
              integer_argument(arguments, "last_line", 1, json::kMaxInteger, json::kMaxInteger));
  NAESTRO_LET(const std::string all, read_text(path, kFileBytesMax, context));
  const std::int64_t count =
      std::ranges::count(all, '\n') + (all.empty() || all.ends_with('\n') ? 0 : 1);
  if (first > last || (first > count && first > 1)) {
    return fail(Code::kToolFailed,
                "'" + shorten(path, 200) + "' has " + std::to_string(count) +
                    " lines, of which none is from " + std::to_string(first) + " to " +
                    std::to_string(std::min(last, count)),
                "name lines that are there");
  }
  json::Array quotes;
  std::string text;
  std::size_t bytes = kFrame;
  std::int64_t number = 1;
  std::int64_t taken = 0;
  bool room = true;
  for (std::size_t at = 0; at < all.size() && number <= last; ++number) {
    const std::size_t end = std::min(all.find('\n', at), all.size() - 1) + 1;
    const std::string_view line = std::string_view{all}.substr(at, end - at);
    at = end;
    if (number < first) continue;
    std::string_view said = trimmed(line);
    if (number == 1 && said.starts_with(kByteOrderMark)) said.remove_prefix(3);
    json::Value quote = quote_of(path, {number, std::string{said}});
    bytes += json::write(json::Value(line)).size() + json::write(quote).size() + 1;
    room = bytes <= kReadOutputMax && taken < kLinesMax;
    if (!room) break;
    ++taken;
    text += line;
    if (!said.empty()) quotes.push_back(std::move(quote));
  }
  if (taken == 0 && !room) {
    return fail(Code::kOutputCap,
                "line " + std::to_string(first) + " of '" + shorten(path, 200) +
                    "' alone is over the cap of " + std::to_string(kReadOutputMax) + " bytes",
                "text.find and csv.query read such files in parts");
  }
  return json::Object{{"path", path},
                      {"sha256", hex(crypto::sha256(all))},
                      {"bytes", static_cast<std::int64_t>(all.size())},
                      {"line_count", count},
                      {"first_line", first},
                      {"last_line", first + taken - 1},
                      {"text", std::move(text)},
                      {"quotes", std::move(quotes)},
                      {"truncated", first + taken - 1 < std::min(last, count)}};
}

}  // namespace naestro::tools
