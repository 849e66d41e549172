// Secrets in many encodings through everything that comes out of the door: what of them is left?
// naestro-planted [SECRETS [IN_ONE_VAULT]] prints JSON; exit code 1 where anything is. The
// encodings are written here, by other code than the redactor's, and looked for as texts.
#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>

#include "base/bytes.hpp"
#include "door/redacting.hpp"

namespace naestro {
namespace {

class Numbers {  // SplitMix64
 public:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  std::size_t below(std::size_t end) { return next() % end; }

 private:
  std::uint64_t state_ = 30;
};

std::string secret(Numbers& numbers) {
  constexpr std::array<std::string_view, 70> kSigns = {
      "a", "b", "c", "d", "e", "f",  "g", "h",  "i", "j", "k", "l", "m", "n", "o", "p", "q", "r",
      "s", "t", "u", "v", "w", "x",  "y", "z",  "A", "B", "C", "D", "E", "F", "G", "H", "I", "J",
      "K", "L", "M", "N", "0", "1",  "2", "3",  "4", "5", "6", "7", "8", "9", "-", "_", ".", "/",
      "+", "=", "&", "<", ">", "\"", "'", "\\", "%", "$", " ", "~", "#", "ö", "€", "漢"};
  std::string out;
  for (std::size_t i = 12 + numbers.below(40); i > 0; --i)
    out += kSigns[numbers.below(kSigns.size())];
  return "k" + out + "z";  // no white space at its ends
}

std::string bytes(std::string_view text, const char* form) {
  std::string out;
  std::array<char, 8> one{};
  for (const char c : text) {
    std::snprintf(one.data(), one.size(), form,
                  static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += one.data();
  }
  return out;
}

// Of each code unit of UTF-16.
std::string units(std::string_view text, const std::function<std::string(std::uint32_t)>& form) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : 3;
    std::uint32_t code = size == 1 ? lead : lead & (0x3FU >> (size - 1));
    for (std::size_t j = 1; j < size; ++j)
      code = code << 6U | (static_cast<unsigned char>(text[i + j]) & 0x3FU);
    out += form(code);
    i += size;
  }
  return out;
}

// By signs, not by bytes.
std::string reversed(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : 3;
    out.insert(0, text.substr(i, size));
    i += size;
  }
  return out;
}

std::string printed(const char* form, std::uint32_t code) {
  std::array<char, 16> out{};
  std::snprintf(out.data(), out.size(), form, code);
  return out.data();
}

std::string shifted(const std::string& value, std::size_t before) {
  return base64(as_bytes(std::string(before, 'x') + value + "yyy"));
}

std::string url(std::string text) {
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  std::erase(text, '=');
  return text;
}

struct Planted {
  std::string text;  // as it stands there
  std::string core;  // what must not be left: without the ends, which may be of other bytes
};

constexpr std::array<const char*, 12> kEncodings = {
    "plain",   "base64", "base64_inside", "base64url",        "hex",   "hex_upper",
    "percent", "json_u", "html",          "quoted_printable", "utf16", "backwards"};

// In that order.
std::vector<Planted> encodings(const std::string& value, std::size_t turn) {
  const auto whole = [](const std::string& text) { return Planted{text, text}; };
  const auto inner = [](const std::string& text) {
    return Planted{text, text.substr(4, text.size() - 10)};
  };
  return {whole(value),
          inner(base64(as_bytes(value))),
          inner(shifted(value, 1 + turn % 2)),
          inner(url(base64(as_bytes(value)))),
          whole(hex(as_bytes(value))),
          whole(bytes(value, "%02X")),
          whole(bytes(value, "%%%02X")),
          whole(units(value, [](auto code) { return printed("\\u%04x", code); })),
          whole(units(value, [](auto code) { return printed("&#%u;", code); })),
          whole(bytes(value, "=%02X")),
          whole(units(value,
                      [](auto code) {
                        return std::string{static_cast<char>(code & 0xFFU),
                                           static_cast<char>(code >> 8U)};
                      })),
          whole(reversed(value))};
}

// The far side: gives what it is told to, as a tool or a model does.
struct Far final : door::Adapter {
  Result<json::Value> prepare(const door::Intent&) override { return json::Value{}; }
  door::Outcome act(const door::Intent&, std::stop_token, const door::Provisional& show) override {
    for (const std::string& chunk : chunks) show(chunk);
    door::Outcome out;
    out.result = result;
    return out;
  }
  std::vector<std::string> chunks;
  Result<json::Value> result = json::Value{};
};

struct Figures {
  struct Way {
    std::size_t planted = 0;
    std::size_t leaks = 0;
  };
  std::map<std::string, Way> ways;
  std::array<std::size_t, kEncodings.size()> by_encoding{};
  std::size_t leaks = 0;
  std::string first;

  [[nodiscard]] json::Object added_to(json::Object out) const {
    json::Object encodings;
    for (std::size_t i = 0; i < kEncodings.size(); ++i) {
      encodings[kEncodings.at(i)] = json::Object{{"leaks", by_encoding.at(i)}};
    }
    json::Object rows;
    for (const auto& [name, way] : ways) {
      rows[name] = json::Object{{"planted", way.planted}, {"leaks", way.leaks}};
    }
    out["leaks"] = leaks;
    out["first"] = first;
    out["encodings"] = std::move(encodings);
    out["ways"] = std::move(rows);
    return out;
  }
};

class Check {
 public:
  Check(std::vector<std::string> secrets, Figures& figures)
      : secrets_{std::move(secrets)}, figures_{figures} {
    std::vector<vault::NamedValue> named;
    for (std::size_t i = 0; i < secrets_.size(); ++i)
      named.push_back({"S" + std::to_string(i), secrets_[i]});
    auto keeper = vault::NearKeeper::make({}, std::move(named), clock_, random_);
    if (!keeper) std::abort();
    keeper_ = *std::move(keeper);
  }

  void run() {
    for (std::size_t i = 0; i < secrets_.size(); ++i) each(i);
  }

 private:
  void each(std::size_t at) {
    const std::vector<Planted> all = encodings(secrets_[at], at);
    std::string text;
    json::Object names;
    json::Array list;
    for (const Planted& one : all) {
      text += "line " + one.text + " end\n";
      names["n " + one.text] = json::Object{{"x" + one.text, 1}};
      list.push_back(json::Value(one.text));
    }
    far_.result = json::Value(text);
    look("text", all, outcome());
    far_.result = json::Value(std::move(list));
    look("values", all, outcome());
    far_.result = json::Value(std::move(names));
    look("members", all, outcome());
    far_.result = json::Value(json::write(json::Object{{"answer", text}, {"more", {text}}}));
    look("json_in_text", all, outcome());
    far_.result =
        json::Value(json::write(json::Array{json::write(json::Value(json::Object{{text, text}}))}));
    look("json_in_json_in_text", all, outcome());
    error(text, all);
    chunks(text, all);
  }

  void error(const std::string& text, const std::vector<Planted>& all) {
    Error error = fail(Code::kUsage, text).error();
    far_.result = std::unexpected(error);
    look("error", all, outcome());
    far_.result = fail(Code::kUsage, "", text);
    look("remedy", all, outcome());
    error.context = {{"file", text}};
    far_.result = fail(Code::kUsage, "it failed", error);
    look("cause_and_context", all, outcome());
    far_.result = json::Value{};
  }

  // Cut anywhere.
  void chunks(const std::string& text, const std::vector<Planted>& all) {
    far_.chunks.clear();
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t size = 1 + numbers_.below(40);
      far_.chunks.push_back(text.substr(from, size));
      from += size;
    }
    outcome();
    look("provisional", all, shown_);
    far_.chunks.clear();
  }

  // Everything that the door gives, as text.
  std::string outcome() {
    shown_.clear();
    door::RedactingAdapter clean{far_, *keeper_};
    const door::Outcome out = clean.act(door::Intent::durable({}, {}), {},
                                        [this](std::string_view chunk) { shown_ += chunk; });
    if (!out.result) return out.result.error().text();
    std::string text;
    collect(*out.result, text);
    return text;
  }

  // Texts as they are, and read as JSON where they are that.
  void collect(const json::Value& value, std::string& out) {
    if (const auto* object = value.if_object()) {
      for (const auto& member : *object) {
        out += std::string{member.key()} + "\n";
        collect(member.value(), out);
      }
    } else if (const auto* array = value.if_array()) {
      for (const json::Value& one : *array) collect(one, out);
    } else if (const auto* text = value.if_string()) {
      out += std::string{json::view(*text)} + "\n";
      if (const auto inside = json::parse(json::view(*text))) collect(*inside, out);
    }
  }

  void look(const std::string& way, const std::vector<Planted>& all, const std::string& out) {
    auto& row = figures_.ways[way];
    for (std::size_t i = 0; i < all.size(); ++i) {
      ++row.planted;
      if (!out.contains(all[i].core)) continue;
      ++row.leaks;
      ++figures_.by_encoding.at(i);
      ++figures_.leaks;
      if (figures_.first.empty())
        figures_.first = way + ", encoding " + std::to_string(i) + ": " + all[i].text;
    }
    if (out.empty()) std::abort();  // nothing was looked at
  }

  std::vector<std::string> secrets_;
  Figures& figures_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<vault::Keeper> keeper_;
  Far far_;
  Numbers numbers_;
  std::string shown_;
};

}  // namespace
}  // namespace naestro

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::stoul(argv[1]) : 10'000;
  const std::size_t together = argc > 2 ? std::stoul(argv[2]) : 1'000;
  naestro::Numbers numbers;
  naestro::Figures figures;
  for (std::size_t done = 0; done < count; done += together) {
    std::vector<std::string> secrets;
    while (secrets.size() < together && done + secrets.size() < count) {
      secrets.push_back(naestro::secret(numbers));
    }
    naestro::Check{std::move(secrets), figures}.run();
  }
  const naestro::json::Object out{{"secrets", count}, {"in_one_vault", together}};
  std::fputs(naestro::json::pretty(figures.added_to(out)).c_str(), stdout);
  return figures.leaks == 0 ? 0 : 1;
}
