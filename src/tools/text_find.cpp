// text.find@1, text.section@1: passages that hold given words, and sections of a text.
#include <algorithm>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/text_file.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kLineBytesMax = 300;
constexpr std::size_t kTextBytesMax = 4'000'000;

}  // namespace

json::Object quote_of(std::string_view file, const Line& line) {
  return {{"file", file}, {"line", line.number}, {"text", shorten(line.text, kLineBytesMax)}};
}

Result<std::vector<Need>> needs_argument(const json::Object& arguments, std::string_view key) {
  NAESTRO_LET(const json::Array* array, array_argument(arguments, key));
  std::vector<Need> needs;
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const json::Array* any = (*array)[i].if_array();
    Need need;
    for (std::size_t k = 0; any != nullptr && k < any->size(); ++k) {
      if (!(*any)[k].is_string()) return fail(Code::kToolFailed, "a word is no string");
      std::string phrase = words::phrase(json::view((*any)[k].get_string()));
      if (!phrase.empty()) need.push_back(std::move(phrase));
    }
    if (need.empty()) {
      return fail(Code::kToolFailed, "an item of '" + std::string{key} + "' holds no word",
                  "give letters or digits");
    }
    needs.push_back(std::move(need));
  }
  if (needs.empty()) return fail(Code::kToolFailed, "there are no words", "give at least one");
  return needs;
}

namespace {

// Which of the places it is; their count for none.
std::size_t place_of(const json::Array& places, std::string_view file, std::int64_t line) {
  const auto found = std::ranges::find_if(places, [&](const json::Value& place) {
    const json::Object* object = place.if_object();
    return object != nullptr && json::text_at(*object, "file") == file &&
           json::integer_at(*object, "line") == line;
  });
  return static_cast<std::size_t>(found - places.begin());
}

// Who named places has looked at the passages; a word of the question is all that they must hold.
std::vector<Passage> at_places(std::vector<Passage> passages,
                               const std::vector<Document>& documents, const json::Array& places) {
  const auto place = [&](const Passage& passage) {
    const Document& document = documents[passage.document];
    return place_of(places, document.file, document.units[passage.unit].lines.front().number);
  };
  std::erase_if(passages, [&](const Passage& one) { return place(one) == places.size(); });
  std::ranges::sort(passages, {}, place);
  return passages;
}

std::vector<Passage> answering(std::vector<Passage> passages,
                               const std::vector<Document>& documents,
                               const std::vector<Need>& needs, Want want) {
  std::erase_if(passages, [&](const Passage& passage) {
    const Unit& unit = documents[passage.document].units[passage.unit];
    // A heading answers when it holds what is wanted: "## Fair, 2026-03-03".
    if (unit.title && (want == Want::any || passage.here_count() < needs.size())) return true;
    return !passage.answers(want) || !holds(want, unit, needs);
  });
  return passages;
}

}  // namespace

Result<json::Value> text_find(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view path, text_argument(arguments, "path"));
  NAESTRO_LET(const std::string_view exclude, text_argument(arguments, "exclude", ""));
  NAESTRO_LET(const std::string_view want_name, text_argument(arguments, "want", "any"));
  NAESTRO_LET(const std::int64_t passages_max,
              integer_argument(arguments, "max_passages", 1, 50, 3));
  NAESTRO_LET(const std::vector<Need> needs, needs_argument(arguments, "words"));
  NAESTRO_LET(const json::Array* at, array_argument(arguments, "at"));
  const auto want = want_named(want_name);
  if (!want) {
    return fail(Code::kToolFailed, "'want' is '" + shorten(want_name, 50) + "'",
                "see the tool's contract");
  }
  NAESTRO_LET(const std::vector<Document> documents, read_documents(path, exclude, context));
  json::Array passages;
  json::Array quotes;
  std::int64_t count = 0;
  std::size_t bytes = 0;
  std::vector<Passage> found = find_passages(documents, needs, *want);
  found = at != nullptr ? at_places(std::move(found), documents, *at)
                        : answering(std::move(found), documents, needs, *want);
  for (const Passage& passage : found) {
    const Document& document = documents[passage.document];
    const Unit& unit = document.units[passage.unit];
    ++count;
    if (static_cast<std::int64_t>(passages.size()) >= passages_max) continue;
    json::Array lines;
    if (passage.here_count() < needs.size()) {  // the headings say the rest
      for (const Line& line : unit.above) lines.emplace_back(quote_of(document.file, line));
    }
    for (const Line& line : unit.lines) lines.emplace_back(quote_of(document.file, line));
    json::Value one = json::Object{{"file", document.file},
                                   {"line", unit.lines.front().number},
                                   {"heading", shorten(unit.heading, 400)},
                                   {"text", shorten(unit.text(), 1190)}};
    const std::size_t size = json::write(one).size() + json::write(lines).size() + 2;
    if (quotes.size() + lines.size() > 200 || bytes + size > kFindOutputMax - 300) break;
    bytes += size;
    passages.push_back(std::move(one));
    for (json::Value& line : lines) quotes.push_back(std::move(line));
  }
  const bool truncated = static_cast<std::int64_t>(passages.size()) < count;
  return json::Object{{"quotes", std::move(quotes)},
                      {"passages", std::move(passages)},
                      {"passage_count", count},
                      {"document_count", static_cast<std::int64_t>(documents.size())},
                      {"truncated", truncated}};
}

namespace {

// How much a passage says: its numbers, dates and names.
std::int64_t weight(const Unit& unit) {
  std::int64_t weight = 0;
  const std::vector<words::Token> tokens = words::tokens(unit.text());
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const char c = tokens[i].text[0];
    weight += words::has_digit(tokens[i].text) ? 3 : c >= 'A' && c <= 'Z' ? 1 : 0;
  }
  return tokens.size() < 4 ? 0 : weight * 10 / static_cast<std::int64_t>(8 + tokens.size()) + 1;
}

std::vector<const Unit*> kept(const Document& document, std::int64_t from, std::string_view keep,
                              std::size_t lines_max) {
  std::vector<const Unit*> units;
  std::string under;
  bool inside = from == 0;
  for (const Unit& unit : document.units) {
    if (from > 0 && unit.lines.front().number == from) {
      inside = true;
      under = unit.heading;
      continue;
    }
    if (!inside) continue;
    if (from > 0 && !unit.heading.starts_with(under)) break;
    const bool item = unit.row || !unit.lead.empty() || unit.lines[0].text.starts_with("- ") ||
                      unit.lines[0].text.starts_with("* ") ||
                      (unit.lines[0].text[0] >= '0' && unit.lines[0].text[0] <= '9');
    if (unit.title || (keep == "items" && !item)) continue;
    units.push_back(&unit);
  }
  if (keep != "key") return units;
  std::vector<const Unit*> best = units;
  std::ranges::sort(best, {}, [](const Unit* unit) {
    return std::pair{-weight(*unit), unit->lines.front().number};
  });
  std::size_t lines = 0;
  std::size_t count = 0;
  while (count < best.size() && lines + best[count]->lines.size() <= lines_max) {
    lines += best[count++]->lines.size();
  }
  best.resize(count);
  std::erase_if(units,
                [&](const Unit* unit) { return std::ranges::find(best, unit) == best.end(); });
  return units;
}

}  // namespace

Result<json::Value> text_section(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view file, text_argument(arguments, "file"));
  NAESTRO_LET(const std::string_view keep, text_argument(arguments, "keep", "all"));
  NAESTRO_LET(const std::int64_t from,
              integer_argument(arguments, "line", 0, json::kMaxInteger, 0));
  NAESTRO_LET(const std::int64_t lines_max, integer_argument(arguments, "max_lines", 1, 200, 60));
  NAESTRO_LET(const std::string text, read_text(file, kTextBytesMax, context));
  const Document document = read_document(file, text);
  json::Array quotes;
  std::string all;
  std::size_t bytes = 0;
  bool truncated = false;
  for (const Unit* unit : kept(document, from, keep, static_cast<std::size_t>(lines_max))) {
    for (const Line& line : unit->lines) {
      json::Value quote = quote_of(file, line);
      const std::size_t size = json::write(quote).size() + 1;
      if (static_cast<std::int64_t>(quotes.size()) >= lines_max ||
          bytes + size > kSectionOutputMax - 8000) {
        truncated = true;
        break;
      }
      bytes += size;
      quotes.push_back(std::move(quote));
      all += line.text + "\n";
    }
  }
  return json::Object{{"quotes", std::move(quotes)},
                      {"text", shorten(all, 6000)},
                      {"title", shorten(document.title, 200)},
                      {"truncated", truncated}};
}

}  // namespace naestro::tools
