// text.compare@1: what two versions of a text say differently.
#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/text_file.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kTextBytesMax = 4'000'000;
constexpr std::size_t kQuotesMax = 400;

Result<Document> document_at(std::string_view file, const Context& context) {
  NAESTRO_LET(const std::string text, read_text(file, kTextBytesMax, context));
  return read_document(file, text);
}

// What names a passage in both versions: "4.2" of a numbered item, the first cell of a row.
std::string number_of(const Unit& unit) {
  const std::string& text = unit.lines.front().text;
  if (unit.row) {
    const std::size_t end = text.find('|', 1);
    return "|" + std::string{trim_blanks(std::string_view{text}.substr(1, end - 1))};
  }
  const std::size_t end = text.find_first_not_of("0123456789.)");
  if (end == 0 || end == std::string::npos || text[end] != ' ') return {};
  return unit.heading + "\n" + text.substr(0, end);
}

// Shared words in hundredths of all.
std::size_t likeness(const Unit& a, const Unit& b) {
  std::set<std::string> one;
  std::set<std::string> two;
  for (const words::Token& token : words::tokens(a.text())) one.insert(token.stem);
  for (const words::Token& token : words::tokens(b.text())) two.insert(token.stem);
  const auto shared = static_cast<std::size_t>(
      std::ranges::count_if(one, [&](const std::string& stem) { return two.contains(stem); }));
  const std::size_t all = one.size() + two.size() - shared;
  return all == 0 ? 0 : shared * 100 / all;
}

struct Pair {
  const Unit* a = nullptr;
  const Unit* b = nullptr;
};

std::vector<const Unit*> passages(const Document& document) {
  std::vector<const Unit*> out;
  for (const Unit& unit : document.units) {
    if (!unit.title) out.push_back(&unit);
  }
  return out;
}

// Takes the best partner of `unit` out of `others`.
const Unit* partner_of(const Unit& unit, std::vector<const Unit*>& others) {
  constexpr std::size_t kLikeMin = 40;
  const std::string number = number_of(unit);
  auto best = others.end();
  std::size_t most = kLikeMin;
  for (auto it = others.begin(); it != others.end(); ++it) {
    if (!number.empty() && number_of(**it) == number) {
      best = it;
      break;
    }
    const std::size_t like = (*it)->heading == unit.heading ? likeness(unit, **it) : 0;
    if (number.empty() && like > most) {
      most = like;
      best = it;
    }
  }
  if (best == others.end()) return nullptr;
  const Unit* found = *best;
  others.erase(best);
  return found;
}

std::vector<Pair> pairs_of(const Document& a, const Document& b) {
  std::vector<const Unit*> ours = passages(a);
  std::vector<const Unit*> theirs = passages(b);
  // What stands word for word in both is not asked for.
  std::erase_if(ours, [&](const Unit* unit) {
    const auto same = std::ranges::find_if(
        theirs, [&](const Unit* other) { return other->text() == unit->text(); });
    if (same == theirs.end()) return false;
    theirs.erase(same);
    return true;
  });
  std::vector<Pair> out;
  for (const Unit* unit : ours) out.push_back({unit, partner_of(*unit, theirs)});
  for (const Unit* unit : theirs) out.push_back({nullptr, unit});
  return out;
}

}  // namespace

Result<json::Value> text_compare(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view file_a, text_argument(arguments, "file_a"));
  NAESTRO_LET(const std::string_view file_b, text_argument(arguments, "file_b"));
  NAESTRO_LET(const Document a, document_at(file_a, context));
  NAESTRO_LET(const Document b, document_at(file_b, context));
  json::Array quotes;
  std::size_t bytes = 0;
  bool truncated = false;
  const auto quote = [&](std::string_view file, const Unit* unit) {
    for (std::size_t i = 0; unit != nullptr && i < unit->lines.size(); ++i) {
      json::Value one = quote_of(file, unit->lines[i]);
      bytes += json::write(one).size() + 1;
      truncated = truncated || quotes.size() == kQuotesMax || bytes > kCompareOutputMax - 300;
      if (!truncated) quotes.push_back(std::move(one));
    }
  };
  std::int64_t changed = 0;
  std::int64_t only_a = 0;
  std::int64_t only_b = 0;
  for (const Pair& pair : pairs_of(a, b)) {
    ++(pair.b == nullptr ? only_a : pair.a == nullptr ? only_b : changed);
    quote(file_a, pair.a);
    quote(file_b, pair.b);
  }
  return json::Object{{"quotes", std::move(quotes)},
                      {"changed", changed},
                      {"only_a", only_a},
                      {"only_b", only_b},
                      {"truncated", truncated}};
}

}  // namespace naestro::tools
