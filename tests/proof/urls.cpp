#include <fstream>
#include <iterator>

#include "net/hosts.hpp"
#include "proof/proofs.hpp"

namespace naestro::proof {
namespace {

namespace fs = std::filesystem;

struct Tally {
  std::int64_t total = 0;
  std::int64_t agree = 0;
  std::int64_t taken = 0;  // of those that agree: not refused, and the same host and port
  json::Array disagree;

  // `host`: as the standard has it, without brackets; "": it refuses the text.
  void judge(const std::string& text, const std::string& host, const std::string& port) {
    ++total;
    const auto url = net::parse_url(text);
    const bool same = url && !host.empty() && url->host == host &&
                      (port.empty() || std::to_string(url->port) == port);
    if (!url || same) {
      ++agree;
    } else {
      disagree.push_back(json::Value(text));
    }
    taken += same ? 1 : 0;
  }
};

// The vectors hold halves of surrogate pairs, which no UTF-8 text can; they stand for U+FFFD.
std::string whole(std::string text) {
  for (std::size_t at = 0; (at = text.find("\\u", at)) != std::string::npos; at += 6) {
    const std::string code = text.substr(at + 2, 4);
    const bool escaped = at > 0 && text[at - 1] == '\\';
    const bool half = code[0] == 'D' || code[0] == 'd';
    const bool pair = half && text.substr(at + 6, 3).starts_with("\\uD");
    if (escaped || !half || code < "D8") continue;
    if (pair && (code[1] == '8' || code[1] == '9' || code[1] == 'A' || code[1] == 'B')) {
      at += 6;
    } else {
      text.replace(at + 2, 4, "FFFD");
    }
  }
  return text;
}

Result<json::Value> read(const fs::path& file) {
  std::ifstream in{file};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  auto value = json::parse(whole(text));
  if (!value) return fail(Code::kInvalidJson, file.string() + " is no JSON", value.error());
  return value;
}

std::string text_of(const json::Object& object, std::string_view name) {
  return std::string{json::text_at(object, name).value_or("")};
}

std::string bare(const std::string& host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

Result<json::Value> urls(const Folders& folders) {
  Tally tally;
  NAESTRO_LET(const json::Value cases, read(folders.first / "urltestdata.json"));
  for (const json::Value& each : cases.get_array()) {
    const json::Object* const row = each.if_object();
    if (row == nullptr) continue;  // a comment
    const std::string base = text_of(*row, "base");
    if (!base.empty() && base != "about:blank") continue;
    const std::string scheme = text_of(*row, "protocol");
    const bool ours = scheme == "http:" || scheme == "https:";
    std::string port = text_of(*row, "port");
    if (port.empty()) port = scheme == "http:" ? "80" : "443";
    tally.judge(text_of(*row, "input"), ours ? bare(text_of(*row, "hostname")) : "", port);
  }
  for (const char* const file : {"toascii.json", "IdnaTestV2.json"}) {
    NAESTRO_LET(const json::Value names, read(folders.first / file));
    for (const json::Value& each : names.get_array()) {
      const json::Object* const row = each.if_object();
      if (row == nullptr) continue;
      tally.judge("https://" + text_of(*row, "input") + "/", text_of(*row, "output"), "");
    }
  }
  return json::Object{
      {"set", "urls"},
      {"total", tally.total},
      {"agree", tally.agree},
      {"detail", json::Object{{"taken", tally.taken}, {"disagree", std::move(tally.disagree)}}}};
}

}  // namespace naestro::proof
