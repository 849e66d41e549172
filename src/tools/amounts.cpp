#include "tools/amounts.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "tools/decimal.hpp"

namespace naestro::tools {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// What stands before or behind the number: a few letters or signs, no digit: "£", "EUR", "kg", "%".
constexpr std::size_t kAffixBytesMax = 6;

constexpr std::string_view kCurrencies[] = {"EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN",
                                            "CZK", "HUF", "JPY", "CNY", "INR", "CAD", "AUD", "NZD"};

// Units that may touch the number: "12kg", but neither "3rd" nor flat "12B".
constexpr std::string_view kUnits[] = {"kg", "g",  "mg", "t",   "km",  "m",   "cm",  "mm", "l",
                                       "L",  "ml", "cl", "h",   "hr",  "hrs", "min", "s",  "kWh",
                                       "W",  "kW", "V",  "pcs", "EUR", "USD", "GBP"};

struct Amount {
  std::string_view before;
  std::string_view number;  // digits, points, commas
  std::string_view behind;
  bool negative = false;
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Letters, '%', '$' and signs above ASCII. "<5" and "~5" are no 5.
bool affix(std::string_view text) {
  return text.size() <= kAffixBytesMax && std::ranges::all_of(text, [](char c) {
           return letter(c) || c == '%' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
         });
}

std::optional<Amount> amount_of(std::string_view cell) {
  cell = trim(cell);
  const auto first = std::ranges::find_if(cell, digit);
  if (first == cell.end()) return std::nullopt;
  Amount out;
  out.before = cell.substr(0, static_cast<std::size_t>(first - cell.begin()));
  cell.remove_prefix(out.before.size());
  const std::size_t end = std::min(cell.find_first_not_of("0123456789.,"), cell.size());
  out.number = cell.substr(0, end);
  out.behind = trim(cell.substr(end));
  // "-£5.00" and "£-5.00"
  const auto minus = out.before.find('-');
  if (minus != std::string_view::npos) {
    out.negative = true;
    const bool front = minus == 0;
    if (!front && minus + 1 != out.before.size()) return std::nullopt;
    out.before = front ? out.before.substr(1) : out.before.substr(0, minus);
  }
  out.before = trim(out.before);
  if (!affix(out.before) || !affix(out.behind)) return std::nullopt;
  // "3rd", "A12", "INV 7": other letters make a name of the number.
  const bool touches = !out.behind.empty() && letter(out.behind[0]) &&
                       !cell.substr(end).starts_with(' ') &&
                       std::ranges::find(kUnits, out.behind) == std::end(kUnits);
  const bool named = !out.before.empty() && letter(out.before.back()) &&
                     std::ranges::find(kCurrencies, out.before) == std::end(kCurrencies);
  if (touches || named) return std::nullopt;
  return out;
}

// The number as a plain decimal, where it is written with `group` between thousands (or without)
// and `point` before the fraction.
std::optional<std::string> plain(std::string_view number, char group, char point) {
  const std::size_t at = std::min(number.find(point), number.size());
  std::string_view whole = number.substr(0, at);
  const std::string_view fraction = number.substr(std::min(at + 1, number.size()));
  if (at < number.size() && (fraction.empty() || !std::ranges::all_of(fraction, digit))) {
    return std::nullopt;
  }
  std::string out;
  if (whole.contains(group)) {
    std::size_t head = whole.find(group);
    if (head == 0 || head > 3 || whole[0] == '0') return std::nullopt;
    out = whole.substr(0, head);
    for (whole.remove_prefix(head); !whole.empty(); whole.remove_prefix(4)) {
      if (whole.size() < 4 || whole[0] != group) return std::nullopt;
      out += whole.substr(1, 3);
    }
  } else {
    out = whole;
  }
  if (out.empty() || !std::ranges::all_of(out, digit)) return std::nullopt;
  return fraction.empty() ? out : out + "." + std::string{fraction};
}

std::string unit_of(const Amount& amount) {
  const std::string before{amount.before};
  return before + (before.empty() || amount.behind.empty() ? "" : " ") + std::string{amount.behind};
}

// The cells as plain decimals in one way to write numbers; none when one is not written so.
std::optional<std::vector<std::string>> plain_cells(const Csv& csv, std::size_t column, char group,
                                                    char point) {
  std::vector<std::string> out;
  for (const CsvRow& row : csv.rows) {
    const auto amount = amount_of(row.cells[column]);
    auto text = amount ? plain(amount->number, group, point) : std::string{};
    if (!text) return std::nullopt;
    out.push_back(amount && amount->negative ? "-" + *text : *std::move(text));
  }
  return out;
}

void plain_column(Csv& csv, std::size_t column) {
  std::set<std::string> units;
  bool is_plain = true;
  for (const CsvRow& row : csv.rows) {
    const std::string& cell = row.cells[column];
    if (cell.empty()) continue;
    is_plain = is_plain && parse_decimal(cell).has_value();
    const auto amount = amount_of(cell);
    if (!amount) return;
    units.insert(unit_of(*amount));
  }
  if (units.empty() || is_plain) return;
  if (units.size() > 1) {
    units.erase("");
    csv.units[column] = join({units.begin(), units.end()}, " and ");
    return;
  }
  auto cells = plain_cells(csv, column, ',', '.');
  if (!cells) cells = plain_cells(csv, column, '.', ',');
  if (!cells) return;
  csv.units[column] = *units.begin();
  for (std::size_t i = 0; i < cells->size(); ++i) {
    csv.rows[i].cells[column] = std::move((*cells)[i]);
  }
}

}  // namespace

void plain_amounts(Csv& csv) {
  csv.units.assign(csv.columns.size(), "");
  for (std::size_t i = 0; i < csv.columns.size(); ++i) plain_column(csv, i);
}

}  // namespace naestro::tools
