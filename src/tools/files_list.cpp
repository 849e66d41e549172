// files.list@1: what files there are.
#include <algorithm>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;

}  // namespace

FileFacts file_facts(std::string_view file, const Result<std::string>& text) {
  FileFacts facts{"other", 0, 0, {}};
  if (!text) return facts;
  facts.bytes = static_cast<std::int64_t>(text->size());
  if (text->contains('\0') || !is_utf8(*text)) return facts;
  facts.lines = std::ranges::count(*text, '\n');
  if (!text->empty() && !text->ends_with('\n')) ++facts.lines;
  const std::string low = ascii_lower(file);
  facts.kind = low.ends_with(".csv") || low.ends_with(".tsv") ? "csv"
               : low.ends_with(".md")                         ? "markdown"
                                                              : "text";
  if (facts.kind == "csv") {
    facts.title = text->substr(0, text->find_first_of("\r\n"));
  } else {
    facts.title = read_document(file, *text).title;
  }
  facts.title = shorten(facts.title, 200);
  return facts;
}

Result<json::Value> files_list(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view path, text_argument(arguments, "path"));
  NAESTRO_LET(const std::string_view pattern, text_argument(arguments, "pattern", "**"));
  NAESTRO_LET(const std::int64_t files_max, integer_argument(arguments, "max_files", 1, 1000, 200));
  NAESTRO_LET(std::vector<std::string> files, context.workspace.list(path, context.stop));
  std::erase_if(
      files, [&](const std::string& file) { return !glob_match(pattern, file) || !is_utf8(file); });
  json::Array out;
  json::Array quotes;
  std::size_t bytes = 0;
  for (const std::string& file : files) {
    NAESTRO_TRY(go_on(context.stop));
    if (static_cast<std::int64_t>(out.size()) >= files_max) break;
    const FileFacts facts = file_facts(file, context.workspace.read(file, kFileBytesMax));
    json::Value one = json::Object{{"file", file},
                                   {"kind", facts.kind},
                                   {"bytes", facts.bytes},
                                   {"lines", facts.lines},
                                   {"title", facts.title}};
    const std::size_t size = 2 * json::write(one).size() + 2;
    if (bytes + size > kListOutputMax - 300) break;
    bytes += size;
    out.push_back(std::move(one));
    if (facts.lines > 0 && quotes.size() < 200) {
      quotes.push_back(json::Object{{"file", file}, {"line", 1}, {"text", facts.title}});
    }
  }
  const bool truncated = out.size() < files.size();
  return json::Object{{"files", std::move(out)},
                      {"quotes", std::move(quotes)},
                      {"file_count", static_cast<std::int64_t>(files.size())},
                      {"truncated", truncated}};
}

}  // namespace naestro::tools
