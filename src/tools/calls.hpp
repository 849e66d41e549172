// The functions behind call(), and how they read their arguments. Used inside the room only.
#pragma once

#include <optional>

#include "tools/builtin.hpp"

namespace naestro::tools {

// The caps that the contracts promise; a test compares the two.
inline constexpr std::size_t kChartOutputMax = 524'288;
inline constexpr std::size_t kExecOutputMax = 1'048'576;
inline constexpr std::size_t kHttpOutputMax = 1'638'400;
inline constexpr std::size_t kSearchOutputMax = 65'536;
inline constexpr std::size_t kCsvOutputMax = 262'144;
inline constexpr std::size_t kReportOutputMax = 8'192;
inline constexpr std::size_t kRestoreOutputMax = 8'192;
inline constexpr std::size_t kWriteOutputMax = 65'536;
inline constexpr std::size_t kReadOutputMax = 262'144;
inline constexpr std::size_t kDiffOutputMax = 131'072;
inline constexpr std::size_t kFindOutputMax = 65'536;
inline constexpr std::size_t kSectionOutputMax = 65'536;
inline constexpr std::size_t kCompareOutputMax = 65'536;
inline constexpr std::size_t kTimelineOutputMax = 131'072;
inline constexpr std::size_t kInstructionsOutputMax = 131'072;
inline constexpr std::size_t kListOutputMax = 131'072;
inline constexpr std::size_t kAnswerOutputMax = 131'072;
inline constexpr std::size_t kConsensusOutputMax = 1'048'576;

Result<json::Value> answer_compose(const json::Object& arguments, const Context& context);
Result<json::Value> chart_svg(const json::Object& arguments, const Context& context);
Result<json::Value> consensus_deal(const json::Object& arguments, const Context& context);
Result<json::Value> consensus_settle(const json::Object& arguments, const Context& context);
Result<json::Value> csv_duplicates(const json::Object& arguments, const Context& context);
Result<json::Value> csv_join(const json::Object& arguments, const Context& context);
Result<json::Value> exec_run(const json::Object& arguments, const Context& context);
Result<json::Value> exec_run_with_hosts(const json::Object& arguments, const Context& context);
Result<json::Value> files_edit(const json::Object& arguments, const Context& context);
Result<json::Value> files_instructions(const json::Object& arguments, const Context& context);
Result<json::Value> files_list(const json::Object& arguments, const Context& context);
Result<json::Value> files_read(const json::Object& arguments, const Context& context);
Result<json::Value> files_write(const json::Object& arguments, const Context& context);
Result<json::Value> http_get(const json::Object& arguments, const Context& context);
Result<json::Value> text_compare(const json::Object& arguments, const Context& context);
Result<json::Value> text_diff(const json::Object& arguments, const Context& context);
Result<json::Value> text_find(const json::Object& arguments, const Context& context);
Result<json::Value> text_section(const json::Object& arguments, const Context& context);
Result<json::Value> text_timeline(const json::Object& arguments, const Context& context);
Result<json::Value> files_search(const json::Object& arguments, const Context& context);
Result<json::Value> files_restore(const json::Object& arguments, const Context& context);
Result<json::Value> csv_query(const json::Object& arguments, const Context& context);
Result<json::Value> json_query(const json::Object& arguments, const Context& context);
Result<json::Value> report_markdown(const json::Object& arguments, const Context& context);

// Arguments were checked against the schema before; these stay total all the same, and a member
// of another type is a kToolFailed.
Result<std::string_view> text_argument(const json::Object& object, std::string_view key);
Result<std::string_view> text_argument(const json::Object& object, std::string_view key,
                                       std::string_view fallback);
Result<std::int64_t> integer_argument(const json::Object& object, std::string_view key,
                                      std::int64_t least, std::int64_t most, std::int64_t fallback);
// Null when the member is absent.
Result<const json::Array*> array_argument(const json::Object& object, std::string_view key);
// Empty when the member is absent.
Result<std::vector<std::string>> texts_argument(const json::Object& object, std::string_view key);

// A kInterrupted when `stop` was asked for.
Result<void> go_on(const std::stop_token& stop);

}  // namespace naestro::tools
