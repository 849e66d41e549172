// text.timeline@1: the dated passages on a topic, in order.
#include <algorithm>
#include <array>
#include <tuple>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

int month_named(std::string_view word) {
  constexpr std::array<std::string_view, 12> kMonths = {
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  const std::string low = ascii_lower(word);
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (low == kMonths[i] || (low.size() == 3 && kMonths[i].starts_with(low))) {
      return static_cast<int>(i) + 1;
    }
  }
  return 0;
}

std::string two(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

// The first date in a text: 2026-01-31 (also inside of a name), or 31 January 2026.
std::string first_date(std::string_view text) {
  for (std::size_t i = 0; i + 10 <= text.size(); ++i) {
    if (i > 0 && digit(text[i - 1])) continue;
    std::string_view part = text.substr(i, 10);
    if (words::is_iso_date(part) && (i + 10 == text.size() || !digit(text[i + 10]))) {
      return std::string{part};
    }
  }
  const std::vector<words::Token> tokens = words::tokens(text);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const std::string& day = tokens[i].text;
    const std::string& year = tokens[i + 2].text;
    const int month = month_named(tokens[i + 1].text);
    if (month == 0 || day.empty() || day.size() > 4 || !digit(day[0]) || year.size() != 4 ||
        !std::ranges::all_of(year, digit)) {
      continue;
    }
    const int number = digit(day[1]) ? (day[0] - '0') * 10 + day[1] - '0' : day[0] - '0';
    if (number < 1 || number > 31) continue;
    return year + "-" + two(month) + "-" + two(number);
  }
  return {};
}

namespace {

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
  const std::string own = first_date(text);
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

// The passage holds the words, or its text is about them as a whole: it holds all, and some of them
// stand in its name or title.
bool on_topic(const Passage& passage, bool own_date) {
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

}  // namespace

Result<json::Value> text_timeline(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view path, text_argument(arguments, "path"));
  NAESTRO_LET(const std::string_view exclude, text_argument(arguments, "exclude", ""));
  NAESTRO_LET(const std::string_view from, text_argument(arguments, "from", ""));
  NAESTRO_LET(const std::string_view to, text_argument(arguments, "to", ""));
  NAESTRO_LET(const std::int64_t entries_max,
              integer_argument(arguments, "max_entries", 1, 200, 40));
  NAESTRO_LET(const std::vector<Need> needs, needs_argument(arguments));
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
    if (on_topic(passage, own)) entries.push_back(*entry);
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
