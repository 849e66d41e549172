// text.timeline@1: the dated passages on a topic, in order.
#include <algorithm>
#include <tuple>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

std::string first_time(std::string_view text) {
  for (std::size_t i = 0; i + 5 <= text.size(); ++i) {
    const auto at = [&](std::size_t k) { return digit(text[i + k]); };
    if (at(0) && at(1) && text[i + 2] == ':' && at(3) && at(4) && text[i] <= '2' &&
        (i == 0 || !digit(text[i - 1])) && (i + 5 == text.size() || !digit(text[i + 5]))) {
      return std::string{text.substr(i, 5)};
    }
  }
  return {};
}

// "12 October ..." or "Saturday 12 October ...", which leave the year to their text.
std::string day_of(std::string_view text, const std::string& year) {
  if (year.size() < 4) return {};
  const std::vector<words::Token> tokens = words::tokens(text.substr(0, 60));
  for (std::size_t i = 0; i < 2 && i + 1 < tokens.size(); ++i) {
    const std::string date =
        first_date(tokens[i].text + " " + tokens[i + 1].text + " " + year.substr(0, 4));
    if (!date.empty()) return date;
  }
  return {};
}

struct Entry {
  std::string date;
  std::string time;
  std::string_view dated_by;
  std::string_view file;
  const Unit* unit;
};

// A row, item or log line says its own date; a paragraph tells of the day of its heading or text,
// and the dates in it are those of other things.
std::optional<Entry> dated(const Document& document, const Unit& unit) {
  const std::string text = unit.text();
  const std::string& first = unit.lines.front().text;
  const bool entry_like = unit.row || std::string_view{"-*+"}.contains(first[0]) ||
                          words::is_iso_date(std::string_view{first}.substr(0, 10));
  const std::string day = day_of(first, document_date(document));
  const std::string own = day.empty() || entry_like ? first_date(text) : day;
  if (!day.empty() && !entry_like) return Entry{day, "", "passage", document.file, &unit};
  Entry entry{entry_like ? own : "", first_time(text), "passage", document.file, &unit};
  for (std::size_t i = unit.above.size(); i-- > 0 && entry.date.empty();) {
    entry.date = first_date(unit.above[i].text);
    entry.dated_by = "heading";
  }
  if (entry.date.empty()) {
    entry.date = first_date(document.file);
    if (entry.date.empty()) entry.date = first_date(document.title);
    entry.dated_by = "document";
  }
  if (entry.date.empty()) {
    entry.date = own;
    entry.dated_by = "passage";
  }
  if (entry.date.empty()) return std::nullopt;
  return entry;
}

// The passage holds the words, stands under what heads the topic, or its text is about them as a
// whole: it holds all, and some of them stand in its name or title.
bool on_topic(const Passage& passage, const Unit& unit, const std::vector<Need>& heads,
              bool own_date) {
  words::Bag head{unit.heading};
  head.add(label_of(unit.text()));
  const auto named = [&](const Need& need) {
    return std::ranges::any_of(need, [&](const std::string& any) { return head.has(any); });
  };
  if (std::ranges::any_of(heads, named)) return true;

  const auto count = [](const std::vector<bool>& which) {
    return static_cast<std::size_t>(std::ranges::count(which, true));
  };
  if (passage.covers() && (own_date || passage.here_count() > 0)) return true;
  const std::size_t words = passage.here.size();
  if (own_date && count(passage.near) == words && count(passage.titled) > 0) return true;
  std::size_t covered = 0;
  for (std::size_t i = 0; i < words; ++i) covered += passage.here[i] || passage.around[i] ? 1 : 0;
  return passage.here_count() > 0 && covered * 3 >= words * 2;
}

// The line that dates the entry's text, once.
void add_date_line(json::Array& quotes, const std::vector<Document>& documents,
                   const Entry& entry) {
  constexpr std::size_t kFirstUnits = 6;
  const auto document = std::ranges::find(documents, entry.file, &Document::file);
  if (document == documents.end()) return;
  for (std::size_t i = 0; i < std::min(kFirstUnits, document->units.size()); ++i) {
    for (const Line& line : document->units[i].lines) {
      if (first_date(line.text) != entry.date) continue;
      json::Value quote = json::Object{{"file", entry.file},
                                       {"line", line.number},
                                       {"text", shorten(entry.date + ": " + line.text, 297)}};
      if (std::ranges::find(quotes, quote) == quotes.end()) quotes.push_back(std::move(quote));
      return;
    }
  }
}

}  // namespace

Result<json::Value> text_timeline(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view path, text_argument(arguments, "path"));
  NAESTRO_LET(const std::string_view exclude, text_argument(arguments, "exclude", ""));
  NAESTRO_LET(const std::string_view from, text_argument(arguments, "from", ""));
  NAESTRO_LET(const std::string_view to, text_argument(arguments, "to", ""));
  NAESTRO_LET(const std::int64_t entries_max,
              integer_argument(arguments, "max_entries", 1, 200, 40));
  NAESTRO_LET(const std::vector<Need> needs, needs_argument(arguments, "words"));
  std::vector<Need> heads;
  if (arguments.contains("heads")) {
    NAESTRO_LET(heads, needs_argument(arguments, "heads"));
  }
  NAESTRO_LET(const std::vector<Document> documents, read_documents(path, exclude, context));
  std::vector<Entry> entries;
  for (const Passage& passage : find_passages(documents, needs, Want::any)) {
    const Document& document = documents[passage.document];
    const Unit& unit = document.units[passage.unit];
    if (unit.title) continue;
    const auto entry = dated(document, unit);
    if (!entry || (!from.empty() && entry->date < from) || (!to.empty() && entry->date >= to)) {
      continue;
    }
    const bool own =
        entry->dated_by != "document" || !entry->time.empty() || !first_date(unit.text()).empty();
    if (on_topic(passage, unit, heads, own)) entries.push_back(*entry);
  }
  const auto order = [](const Entry& entry) {
    return std::tuple{std::string_view{entry.date}, std::string_view{entry.time}, entry.file,
                      entry.unit->lines.front().number};
  };
  std::ranges::sort(entries, [&](const Entry& a, const Entry& b) { return order(a) < order(b); });
  json::Array out;
  json::Array quotes;
  for (const Entry& entry : entries) {
    if (static_cast<std::int64_t>(out.size()) >= entries_max) break;
    const std::string text = shorten(entry.unit->text(), 290);
    const std::int64_t line = entry.unit->lines.front().number;
    const std::string when = entry.date + (entry.time.empty() ? "" : " " + entry.time);
    if (entry.dated_by == "document") add_date_line(quotes, documents, entry);
    out.push_back(json::Object{{"date", entry.date},
                               {"time", entry.time},
                               {"dated_by", entry.dated_by},
                               {"file", entry.file},
                               {"line", line},
                               {"text", text}});
    quotes.push_back(json::Object{
        {"file", entry.file}, {"line", line}, {"text", shorten(when + ": " + text, 297)}});
  }
  const bool truncated = out.size() < entries.size();
  return json::Object{{"quotes", std::move(quotes)},
                      {"entries", std::move(out)},
                      {"entry_count", static_cast<std::int64_t>(entries.size())},
                      {"truncated", truncated}};
}

}  // namespace naestro::tools
