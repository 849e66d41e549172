// Diagnostics as SARIF 2.1.0 (OASIS), for editors and code hosts.
#include <algorithm>

#include "plan/compile.hpp"

namespace naestro::plan {
namespace {

// SARIF counts columns in code points here, a Position in bytes.
std::int64_t column_of(std::string_view text, json::Position at) {
  for (int line = 1; line < at.line; ++line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  const std::string_view before = text.substr(0, static_cast<std::size_t>(at.column - 1));
  return 1 + std::ranges::count_if(
                 before, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

json::Value text_object(std::string_view text) { return json::Object{{"text", text}}; }

json::Value rule(const DiagnosticInfo& info) {
  return json::Object{{"id", info.code},
                      {"shortDescription", text_object(info.title)},
                      {"help", text_object(info.remedy)}};
}

json::Value result(const Diagnostic& diagnostic, const std::string& uri, std::string_view text) {
  const json::Value physical =
      json::Object{{"artifactLocation", json::Object{{"uri", uri}}},
                   {"region", json::Object{{"startLine", diagnostic.at.line},
                                           {"startColumn", column_of(text, diagnostic.at)}}}};
  json::Array logical;
  logical.push_back(json::Object{{"fullyQualifiedName", diagnostic.pointer}});
  json::Array locations;
  locations.push_back(
      json::Object{{"physicalLocation", physical}, {"logicalLocations", std::move(logical)}});
  return json::Object{{"ruleId", diagnostic.code},
                      {"level", diagnostic.severity == Severity::error ? "error" : "warning"},
                      {"message", text_object(describe(diagnostic))},
                      {"locations", std::move(locations)}};
}

// The file's name as a relative or absolute URI reference: bytes outside of the unreserved ones and
// the slash are percent-encoded.
std::string uri_of(std::string_view file) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : file) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view{"-._~/"}.contains(c);
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace

json::Value to_sarif(const std::vector<Diagnostic>& diagnostics, std::string_view file,
                     std::string_view text, std::string_view version) {
  json::Array rules;
  for (const DiagnosticInfo& info : all_diagnostics()) rules.push_back(rule(info));
  json::Array results;
  for (const Diagnostic& diagnostic : diagnostics) {
    results.push_back(result(diagnostic, uri_of(file), text));
  }
  const json::Value driver =
      json::Object{{"name", "naestro"}, {"version", version}, {"rules", std::move(rules)}};
  json::Array runs;
  runs.push_back(json::Object{{"tool", json::Object{{"driver", driver}}},
                              {"columnKind", "unicodeCodePoints"},
                              {"results", std::move(results)}});
  return json::Object{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                      {"version", "2.1.0"},
                      {"runs", std::move(runs)}};
}

}  // namespace naestro::plan
