// files.search@1: lines of text files that hold the words of a query.
#include <algorithm>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kFileBytesMax = 4'000'000;
constexpr std::size_t kLineBytesMax = 300;

constexpr std::string_view kBlanks = " \t\r\v\f";

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c != '\n' && kBlanks.find(c) == std::string_view::npos) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

class Query {
 public:
  static Result<Query> from(const json::Object& arguments) {
    NAESTRO_LET(const std::string_view text, text_argument(arguments, "query"));
    NAESTRO_LET(const std::string_view match, text_argument(arguments, "match", "all_words"));
    Query query;
    query.words_ = words_of(ascii_lower(text));
    if (query.words_.empty()) {
      return fail(Code::kToolFailed, "the query holds no word", "give at least one word");
    }
    if (match == "phrase") {
      query.words_ = {join(query.words_, " ")};
      query.phrase_ = true;
    } else if (match == "any_word") {
      query.any_ = true;
    } else if (match != "all_words") {
      return fail(Code::kToolFailed, "'match' is '" + shorten(match, 50) + "'",
                  "use all_words, any_word or phrase");
    }
    return query;
  }

  [[nodiscard]] bool matches(std::string_view line) const {
    std::string lower = ascii_lower(line);
    if (phrase_) lower = join(words_of(lower), " ");
    const auto held = [&](const std::string& word) {
      return lower.find(word) != std::string::npos;
    };
    return any_ ? std::ranges::any_of(words_, held) : std::ranges::all_of(words_, held);
  }

 private:
  std::vector<std::string> words_;
  bool any_ = false;
  bool phrase_ = false;
};

struct Found {
  json::Array matches;
  std::size_t matches_max = 0;
  std::size_t bytes = 0;   // of `matches` as JSON
  std::int64_t count = 0;  // also those that are not in `matches`
  std::int64_t files = 0;
  std::int64_t skipped = 0;
};

// Once one match has no room, no later one is taken: what is returned is a prefix of the order.
void add(Found& found, const std::string& file, std::int64_t line, std::string_view text) {
  ++found.count;
  if (static_cast<std::int64_t>(found.matches.size()) + 1 != found.count) return;
  if (found.matches.size() == found.matches_max) return;
  json::Value match =
      json::Object{{"file", file}, {"line", line}, {"text", shorten(text, kLineBytesMax)}};
  const std::size_t bytes = json::write(match).size() + 1;
  constexpr std::size_t kFrame = 200;  // the other members of the result
  if (found.bytes + bytes > kSearchOutputMax - kFrame) return;
  found.bytes += bytes;
  found.matches.push_back(std::move(match));
}

void search(const Query& query, const std::string& file, std::string_view text, Found& found) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::int64_t number = 1;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim_blanks(text.substr(0, end));
    if (!line.empty() && query.matches(line)) add(found, file, number, line);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
  }
}

}  // namespace

Result<json::Value> files_search(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view folder, text_argument(arguments, "path"));
  NAESTRO_LET(const std::string_view pattern, text_argument(arguments, "pattern", "**"));
  NAESTRO_LET(const std::string_view exclude, text_argument(arguments, "exclude", ""));
  NAESTRO_LET(const std::int64_t matches_max,
              integer_argument(arguments, "max_matches", 1, 200, 50));
  NAESTRO_LET(const Query query, Query::from(arguments));
  NAESTRO_LET(const std::vector<std::string> files, context.workspace.list(folder, context.stop));
  Found found;
  found.matches_max = static_cast<std::size_t>(matches_max);
  for (const std::string& file : files) {
    NAESTRO_TRY(go_on(context.stop));
    if (!glob_match(pattern, file) || glob_match(exclude, file)) continue;
    // A name that is not UTF-8 could not be said.
    const auto text = is_utf8(file) ? context.workspace.read(file, kFileBytesMax)
                                    : Result<std::string>{std::string{'\0'}};
    if (!text || text->find('\0') != std::string::npos || !is_utf8(*text)) {
      ++found.skipped;
      continue;
    }
    ++found.files;
    search(query, file, *text, found);
  }
  const bool truncated = static_cast<std::int64_t>(found.matches.size()) < found.count;
  return json::Object{{"matches", std::move(found.matches)},
                      {"file_count", found.files},
                      {"skipped_files", found.skipped},
                      {"match_count", found.count},
                      {"truncated", truncated}};
}

}  // namespace naestro::tools
