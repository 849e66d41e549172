#include "tools/builtin.hpp"

#include "base/text.hpp"
#include "tools/calls.hpp"

namespace naestro::tools {
namespace {

struct Entry {
  std::string_view id;
  Result<json::Value> (*run)(const json::Object& arguments, const Context& context);
};

constexpr Entry kTools[] = {
    {"answer.compose@1", answer_compose},
    {"chart.svg@1", chart_svg},
    {"consensus.deal@1", consensus_deal},
    {"consensus.settle@1", consensus_settle},
    {"csv.duplicates@1", csv_duplicates},
    {"csv.join@1", csv_join},
    {"csv.query@1", csv_query},
    {"exec.run@1", exec_run},
    {"exec.run@2", exec_run_with_hosts},
    {"files.edit@1", files_edit},
    {"files.instructions@1", files_instructions},
    {"files.list@1", files_list},
    {"files.read@1", files_read},
    {"files.restore@1", files_restore},
    {"files.search@1", files_search},
    {"files.write@1", files_write},
    {"http.get@1", http_get},
    {"http.get@2", http_get},
    {"json.query@1", json_query},
    {"report.markdown@1", report_markdown},
    {"text.compare@1", text_compare},
    {"text.diff@1", text_diff},
    {"text.find@1", text_find},
    {"text.section@1", text_section},
    {"text.timeline@1", text_timeline},
};

std::unexpected<Error> malformed(std::string_view key, std::string_view expected) {
  return fail(Code::kToolFailed,
              "the argument '" + std::string{key} + "' is not " + std::string{expected},
              "see the tool's contract");
}

}  // namespace

Result<json::Value> call(std::string_view tool, std::int64_t version, const json::Object& arguments,
                         const Context& context) {
  const std::string id = std::string{tool} + "@" + std::to_string(version);
  for (const Entry& entry : kTools) {
    if (entry.id != id) continue;
    NAESTRO_TRY(go_on(context.stop));
    return entry.run(arguments, context);
  }
  const std::string near = nearest(id, known());
  return fail(Code::kNotFound, "there is no built-in tool '" + shorten(id, 100) + "'",
              near.empty() ? "known are " + join(known(), ", ") : "did you mean '" + near + "'?");
}

std::vector<std::string> known() {
  std::vector<std::string> ids;
  for (const Entry& entry : kTools) ids.emplace_back(entry.id);
  return ids;
}

Result<std::string_view> text_argument(const json::Object& object, std::string_view key) {
  const auto text = json::text_at(object, key);
  if (!text) return malformed(key, "a string");
  return *text;
}

Result<std::string_view> text_argument(const json::Object& object, std::string_view key,
                                       std::string_view fallback) {
  if (!object.contains(key)) return fallback;
  return text_argument(object, key);
}

Result<std::int64_t> integer_argument(const json::Object& object, std::string_view key,
                                      std::int64_t least, std::int64_t most,
                                      std::int64_t fallback) {
  if (!object.contains(key)) return fallback;
  const auto value = json::integer_at(object, key);
  if (!value || *value < least || *value > most) {
    return malformed(key,
                     "an integer from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return *value;
}

Result<const json::Array*> array_argument(const json::Object& object, std::string_view key) {
  if (!object.contains(key)) return nullptr;
  const json::Array* array = json::array_at(object, key);
  if (array == nullptr) return malformed(key, "an array");
  return array;
}

Result<std::vector<std::string>> texts_argument(const json::Object& object, std::string_view key) {
  NAESTRO_LET(const json::Array* array, array_argument(object, key));
  std::vector<std::string> texts;
  if (array == nullptr) return texts;
  for (const json::Value& item : *array) {
    if (!item.is_string()) return malformed(key, "an array of strings");
    texts.emplace_back(json::view(item.get_string()));
  }
  return texts;
}

Result<void> go_on(const std::stop_token& stop) {
  if (stop.stop_requested()) return fail(Code::kInterrupted, "the tool was stopped");
  return {};
}

}  // namespace naestro::tools
