// What taking things out of texts costs, and what is found in them. Prints JSON.
//
// naestro-privacy-bench redact        the redactor with 1,000 secrets over 32 MiB of each kind of
// text naestro-privacy-bench find FILE     FILE: an array of {full_text}; [[kind, byte, size]...]
// of each
#include <cstdio>
#include <ctime>
#include <functional>

#include "base/bytes.hpp"
#include "ledger/files.hpp"
#include "privacy/find.hpp"
#include "vault/redactor.hpp"

namespace naestro::bench {
namespace {

constexpr std::size_t kSecrets = 1000;
constexpr std::size_t kText = std::size_t{32} << 20U;
constexpr std::size_t kFileMax = std::size_t{1} << 30U;

// A sequence that is the same each time (SplitMix64).
class Numbers {
 public:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  std::size_t below(std::size_t end) { return next() % end; }

 private:
  std::uint64_t state_ = 29;
};

std::string of(Numbers& numbers, std::string_view signs, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += signs[numbers.below(signs.size())];
  return out;
}

constexpr std::string_view kSigns =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string prose(Numbers& numbers) {
  std::string out;
  while (out.size() < kText) {
    out += of(numbers, "etaoinshrdlucmfwygpb", 1 + numbers.below(9));
    out += numbers.below(12) == 0 ? ".\n" : " ";
  }
  return out;
}

std::string events(Numbers& numbers) {
  std::string out;
  while (out.size() < kText) {
    out += R"({"data":{"blob":")" + of(numbers, "0123456789abcdef", 64) +
           R"(","step":"find","tokens":)" + std::to_string(numbers.below(100000)) +
           R"(},"kind":"effect.done","seq":)" + std::to_string(numbers.below(1000)) + "}\n";
  }
  return out;
}

std::string base64_lines(Numbers& numbers) {
  std::string out;
  while (out.size() < kText) out += of(numbers, kSigns, 76) + "\n";
  return out;
}

double cpu_s(const std::function<void()>& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

// The best of five: others on the machine only make it slower.
json::Value measured(const vault::Redactor& redactor, const std::string& text) {
  double best = 1e9;
  std::size_t left = 0;
  for (int round = 0; round < 5; ++round) {
    best = std::min(best, cpu_s([&] { left = redactor.redacted(text).value_or(text).size(); }));
  }
  return json::Object{{"mb_per_cpu_s", static_cast<double>(text.size()) / 1e6 / best},
                      {"bytes", text.size()},
                      {"bytes_left", left}};
}

int redact() {
  Numbers numbers;
  std::vector<vault::NamedValue> secrets;
  for (std::size_t i = 0; i < kSecrets; ++i) {
    secrets.push_back(
        {"S" + std::to_string(i), "sk-" + of(numbers, kSigns, 17 + numbers.below(41))});
  }
  std::size_t patterns = 0;
  for (const auto& secret : secrets) patterns += vault::encodings_of(secret.value).size();
  std::optional<vault::Redactor> redactor;
  const double built = cpu_s([&] { redactor.emplace(secrets); });
  json::Object rows;
  const std::string plain = prose(numbers);
  rows["prose"] = measured(*redactor, plain);
  rows["events"] = measured(*redactor, events(numbers));
  rows["base64"] = measured(*redactor, base64_lines(numbers));
  std::string planted = plain;  // one in some 8 KiB
  for (std::size_t at = 4096; at + 100 < planted.size(); at += 8192) {
    const std::string& value = secrets[numbers.below(kSecrets)].value;
    planted.replace(at, value.size(), value);
  }
  rows["prose_with_secrets"] = measured(*redactor, planted);
  const json::Object out{
      {"secrets", kSecrets}, {"patterns", patterns}, {"built_cpu_s", built}, {"texts", rows}};
  std::fputs(json::pretty(out).c_str(), stdout);
  return 0;
}

int find(const char* file) {
  const auto text = ledger::read_whole(file, kFileMax);
  const auto rows =
      text ? json::parse(*text, {.bytes_max = kFileMax}) : std::unexpected(text.error());
  if (!rows || !rows->is_array()) {
    std::fprintf(stderr, "%s is no array of JSON\n", file);
    return 2;
  }
  json::Array out;
  for (const json::Value& row : rows->get_array()) {
    json::Array found;
    for (const auto& one :
         privacy::find(json::text_at(row.as_object(), "full_text").value_or(""))) {
      found.push_back(json::Array{privacy::name_of(one.kind), one.at, one.size});
    }
    out.push_back(std::move(found));
  }
  std::fputs(json::write(out).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace naestro::bench

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "redact") return naestro::bench::redact();
  if (what == "find" && argc == 3) return naestro::bench::find(argv[2]);
  std::fputs("naestro-privacy-bench redact | find FILE\n", stderr);
  return 2;
}
