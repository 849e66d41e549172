#include "tools/units.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "tools/calls.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kTextBytesMax = 4'000'000;
constexpr std::size_t kUnitLinesMax = 12;

bool digit(char c) { return c >= '0' && c <= '9'; }

int heading_depth(std::string_view line) {
  const std::size_t hashes = line.find_first_not_of('#');
  if (hashes == std::string_view::npos || hashes == 0 || hashes > 6 || line[hashes] != ' ') {
    return 0;
  }
  return static_cast<int>(hashes);
}

// A line of capitals, such as "SUPPLY AGREEMENT" or "7.  DEFECTS".
bool shouted(std::string_view line) {
  line = trim_blanks(line);
  int capitals = 0;
  for (const char c : line) {
    if (c >= 'a' && c <= 'z') return false;
    if (c >= 'A' && c <= 'Z') ++capitals;
  }
  return capitals >= 4 && line.size() <= 80 && !line.contains('|') && !line.contains("---");
}

// A whole line in bold, or a question: it heads what follows.
bool bold_line(std::string_view line) {
  line = trim_blanks(line);
  return line.size() > 4 && line.starts_with("**") && line.ends_with("**");
}

// Where a list item or a numbered clause begins.
bool item_start(std::string_view line) {
  line = trim_blanks(line);
  if (line.size() > 2 && std::string_view{"-*+>"}.contains(line[0]) && line[1] == ' ') return true;
  std::size_t i = 0;
  while (i < line.size() && (digit(line[i]) || (i > 0 && line[i] == '.'))) ++i;
  if (i == 0 || i > 6 || i + 1 >= line.size()) return false;
  const bool dotted = line.substr(0, i).contains('.');
  return (dotted && line[i] == ' ') || (line[i] == ')' && line[i + 1] == ' ');
}

// A line of a log or a mail header stands alone.
bool log_line(std::string_view line) {
  if (words::is_iso_date(line.substr(0, 10)) && line.size() > 10) return true;
  if (line.size() > 6 && digit(line[0]) && digit(line[1]) && line[2] == ':' && digit(line[3])) {
    return true;
  }
  // "12 October   frost in the morning"
  if (const std::size_t gap = line.find("  "); gap < 14) {
    if (!first_date(std::string{line.substr(0, gap)} + " 2000").empty()) return true;
  }
  const std::size_t colon = line.find(": ");
  return colon < 12 && colon > 1 && line[0] >= 'A' && line[0] <= 'Z' &&
         !line.substr(0, colon).contains(' ');
}

std::string stripped_heading(std::string_view line) {
  line = trim_blanks(line);
  const std::size_t begin = line.find_first_not_of("#* ");
  if (begin == std::string_view::npos) return {};
  line.remove_prefix(begin);
  const std::size_t end = line.find_last_not_of("* ");
  return std::string{line.substr(0, end + 1)};
}

class Cutter {
 public:
  explicit Cutter(std::string_view text) : lines_{split(text, '\n')} {}

  std::vector<Unit> cut() {
    for (std::size_t i = 0; i < lines_.size(); ++i) line(i);
    flush();
    return std::move(units_);
  }

 private:
  void line(std::size_t i) {
    const std::string_view text = trim_blanks(lines_[i]);
    if (text.empty()) {
      flush();
      after_blank_ = true;
      return;
    }
    if (headings_.see(lines_, i)) {
      flush();
      push(i);
      units_.back().title = true;
      lead_.clear();
      return;
    }
    if (table_line(i, text)) return;
    // A paragraph's line may begin with a date; of a log, its neighbours do, too.
    const bool in_log = log_line(text) && (open_.lines.empty() || logged(i - 1) || logged(i + 1));
    const bool starts = item_start(text) || in_log;
    if (starts || (!open_.lines.empty() && open_.lines.size() >= kUnitLinesMax)) flush();
    if (starts && indent(i) <= lead_indent_) lead_.clear();
    if (!starts && after_blank_ && !text.starts_with("-")) lead_.clear();
    after_blank_ = false;
    open_.lines.push_back({static_cast<std::int64_t>(i) + 1, std::string{text}});
    open_.heading = headings_.text();
    open_.above = headings_.lines();
    if (starts) open_.lead = lead_;
  }

  [[nodiscard]] std::ptrdiff_t indent(std::size_t i) const {
    return static_cast<std::ptrdiff_t>(lines_[i].find_first_not_of(' '));
  }

  [[nodiscard]] bool logged(std::size_t i) const {
    return i < lines_.size() && log_line(trim_blanks(lines_[i]));
  }

  bool table_line(std::size_t i, std::string_view text) {
    if (!text.contains('|')) {
      header_.clear();
      return false;
    }
    if (is_table_rule(text)) return true;
    flush();
    if (i + 1 < lines_.size() && is_table_rule(lines_[i + 1])) {
      header_ = text;
      return true;
    }
    if (header_.empty()) return false;
    push(i);
    units_.back().row = true;
    units_.back().lead = header_;
    return true;
  }

  void push(std::size_t i) {
    units_.push_back({{{static_cast<std::int64_t>(i) + 1, std::string{trim_blanks(lines_[i])}}},
                      headings_.text(),
                      headings_.lines(),
                      {}});
  }

  void flush() {
    if (open_.lines.empty()) return;
    if (open_.lines.back().text.ends_with(':')) {
      lead_ = open_.text();
      const std::string& first = open_.lines.front().text;
      lead_indent_ =
          item_start(first) ? indent(static_cast<std::size_t>(open_.lines.front().number - 1)) : -1;
    }
    units_.push_back(std::exchange(open_, {}));
  }

  std::vector<std::string> lines_;
  Headings headings_;
  std::vector<Unit> units_;
  Unit open_;
  std::string header_;
  std::string lead_;
  std::ptrdiff_t lead_indent_ = -1;  // of the item that leads in; what is not deeper ends its list
  bool after_blank_ = false;
};

}  // namespace

std::string_view trim_blanks(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r\v\f";
  const std::size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(kBlanks) - begin + 1);
}

bool Headings::see(const std::vector<std::string>& lines, std::size_t i) {
  const std::string_view line = lines[i];
  int depth = heading_depth(line);
  if (depth == 0 && bold_line(line)) depth = 7;
  if (depth == 0 && shouted(line) && (i == 0 || trim_blanks(lines[i - 1]).empty() || i < 2)) {
    depth = i == 0 ? 1 : 2;
  }
  if (depth == 0) return false;
  while (!open_.empty() && open_.back().depth >= depth) open_.pop_back();
  open_.push_back({depth, {static_cast<std::int64_t>(i) + 1, stripped_heading(line)}, !any_});
  any_ = true;
  return true;
}

std::string Headings::text() const {
  std::string out;
  for (const Line& line : lines()) out += (out.empty() ? "" : " / ") + line.text;
  return out;
}

std::vector<Line> Headings::lines() const {
  std::vector<Line> out;
  for (const Open& open : open_) {
    if (!open.title) out.push_back(open.line);
  }
  return out;
}

std::string Unit::text() const {
  std::string out;
  for (const Line& line : lines) out += (out.empty() ? "" : " ") + line.text;
  return out;
}

Document read_document(std::string_view file, std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Document document{std::string{file}, {}, Cutter{text}.cut()};
  if (!document.units.empty()) {
    document.title = stripped_heading(document.units.front().lines.front().text);
  }
  return document;
}

Result<std::vector<Document>> read_documents(std::string_view path, std::string_view exclude,
                                             const Context& context, std::size_t files_max) {
  NAESTRO_LET(const std::vector<std::string> files, context.workspace.list(path, context.stop));
  std::vector<Document> out;
  for (const std::string& file : files) {
    NAESTRO_TRY(go_on(context.stop));
    const std::string low = ascii_lower(file);
    if (low.ends_with(".csv") || (!exclude.empty() && glob_match(exclude, file))) continue;
    if (!is_utf8(file)) continue;
    const auto text = context.workspace.read(file, kTextBytesMax);
    if (!text || text->contains('\0') || !is_utf8(*text)) continue;
    if (out.size() == files_max) break;
    out.push_back(read_document(file, *text));
  }
  return out;
}

bool Passage::covers() const {
  for (std::size_t i = 0; i < here.size(); ++i) {
    if (!here[i] && !around[i]) return false;
  }
  return true;
}

bool Passage::answers(Want want) const {
  std::size_t close = 0;
  for (std::size_t i = 0; i < here.size(); ++i) close += here[i] || above[i] ? 1 : 0;
  if (!covers() || close == 0) return false;
  return want == Want::any || want == Want::reason ? close * 5 >= here.size() * 3
                                                   : close * 2 >= here.size();
}

std::size_t Passage::here_count() const {
  return static_cast<std::size_t>(std::ranges::count(here, true));
}

namespace {

bool in(const words::Bag& bag, const Need& need) {
  return std::ranges::any_of(need, [&](const std::string& any) { return bag.has(any); });
}

// `needs` with the short forms of names that the whole text holds.
std::vector<Need> with_short_names(const std::vector<Need>& needs, const words::Bag& whole) {
  std::vector<Need> out = needs;
  for (Need& need : out) {
    const std::size_t count = need.size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = need[i];
      const std::size_t blank = name.find(' ');
      if (blank == std::string::npos || words::has_digit(name) || !whole.has(name)) continue;
      if (blank >= 4) need.push_back(name.substr(0, blank));
      const std::string last = name.substr(blank + 1);
      if (last.size() >= 4 && !last.contains(' ')) need.push_back(last);
    }
  }
  return out;
}

}  // namespace

std::vector<Passage> find_passages(const std::vector<Document>& documents,
                                   const std::vector<Need>& needs, Want want) {
  std::vector<Passage> out;
  std::vector<std::int64_t> seen(needs.size(), 0);
  for (std::size_t d = 0; d < documents.size(); ++d) {
    const Document& document = documents[d];
    words::Bag whole;
    words::Bag name{document.file};
    name.add(document.title);
    for (const Unit& unit : document.units) whole.add(unit.text());
    const std::vector<Need> wanted = with_short_names(needs, whole);
    std::vector<bool> titled(needs.size());
    std::vector<bool> anywhere(needs.size());
    for (std::size_t n = 0; n < needs.size(); ++n) {
      titled[n] = in(name, wanted[n]);
      anywhere[n] = in(whole, wanted[n]);
    }
    if (std::ranges::count(anywhere, true) == 0) continue;
    for (std::size_t u = 0; u < document.units.size(); ++u) {
      const Unit& unit = document.units[u];
      const words::Bag own{unit.text()};
      words::Bag above{unit.heading};
      above.add(unit.lead);
      const std::vector<bool> none(needs.size());
      Passage passage{d, u, none, none, titled, titled, anywhere};
      for (std::size_t n = 0; n < needs.size(); ++n) {
        passage.here[n] = in(own, wanted[n]);
        if (passage.here[n]) ++seen[n];
        if (in(above, wanted[n])) passage.above[n] = passage.around[n] = true;
      }
      if (passage.here_count() +
              static_cast<std::size_t>(std::ranges::count(passage.around, true)) >
          0) {
        out.push_back(std::move(passage));
      }
    }
  }
  for (Passage& passage : out) {
    for (std::size_t n = 0; n < needs.size(); ++n) {
      const auto rare = static_cast<std::int64_t>(
          100 * std::log2(2.0 + 4000.0 / static_cast<double>(1 + seen[n])));
      if (passage.here[n]) {
        passage.score += rare;
      } else if (passage.around[n]) {
        passage.score += rare / 2;
      }
    }
    const Unit& unit = documents[passage.document].units[passage.unit];
    if (want != Want::any && holds(want, unit, needs)) passage.score += 400;
    if (unit.title) passage.score -= 500;
    passage.score -= static_cast<std::int64_t>(unit.lines.size()) * 10;
  }
  std::ranges::sort(out, [](const Passage& a, const Passage& b) {
    return std::tuple{-a.score, a.document, a.unit} < std::tuple{-b.score, b.document, b.unit};
  });
  return out;
}

}  // namespace naestro::tools
