// What telling a planner's model of very many tools costs: naestro-brief-bench TOOLS
//
// The tools are the shipped ones under other names, over and over. Prints
// {"tools", "samples", "bytes", "listed", "p50_us", "max_us"} of planner.brief@3 with room for
// 20,000 bytes; the policy's choice of tools and the survey of the folder are not in it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>

#include "agents/written.hpp"
#include "contract/tool.hpp"

namespace naestro::bench {
namespace {

constexpr int kSamples = 100;

contract::ToolCatalog many(int count) {
  std::deque<std::string> texts;  // the catalog's files are views
  std::vector<EmbeddedFile> files;
  const auto shipped = contract::embedded_tools();
  for (int i = 0; i < count; ++i) {
    json::Value tool =
        json::parse(shipped[static_cast<std::size_t>(i) % shipped.size()].text).value();
    tool.as_object()["name"] = "made.t" + std::to_string(i);
    tool.as_object()["version"] = 1;
    tool.as_object()["undo"] = "";  // another tool, which is not there
    texts.push_back(json::write(tool));
    files.push_back({"made.json", texts.back()});
  }
  return contract::ToolCatalog::from(files).value();
}

int main(int count) {
  const contract::ToolCatalog tools = many(count);
  json::Array ids;
  for (const contract::ToolContract& tool : tools.all()) ids.emplace_back(tool.id());
  const json::Object arguments{
      {"goal", "draw a chart of the claims of each product, and find which rows are doubled"},
      {"survey", json::Object{{"tables", json::Array{}}, {"files", json::Array{}}}},
      {"diagnostics", "none"},
      {"tools", std::move(ids)},
      {"roles", json::Object{}},
      {"max_bytes", 20'000}};
  std::vector<std::int64_t> took;
  std::string text;
  for (int i = 0; i < kSamples; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const json::Value out = agents::brief(arguments, tools).value();
    const auto end = std::chrono::steady_clock::now();
    took.push_back(std::chrono::duration_cast<std::chrono::microseconds>(end - begin).count());
    text = out.at("text").as_string();
  }
  std::ranges::sort(took);
  std::int64_t listed = 0;
  for (std::size_t at = text.find("\n- made."); at != std::string::npos; ++listed) {
    at = text.find("\n- made.", at + 1);
  }
  std::puts(json::canonical(json::Value(json::Object{{"tools", count},
                                                     {"samples", kSamples},
                                                     {"bytes", text.size()},
                                                     {"listed", listed},
                                                     {"p50_us", took[took.size() / 2]},
                                                     {"max_us", took.back()}}))
                .c_str());
  return 0;
}

}  // namespace
}  // namespace naestro::bench

int main(int argc, char** argv) {
  if (argc == 2) return naestro::bench::main(std::stoi(argv[1]));
  std::fputs("usage: naestro-brief-bench TOOLS\n", stderr);
  return 2;
}
