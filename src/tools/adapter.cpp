#include "tools/adapter.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "tools/calls.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kFormerMax = std::size_t{8} << 20;

}  // namespace

Result<json::Value> ToolAdapter::prepare(const door::Intent& intent) {
  const door::Effect& effect = intent.effect();
  const auto write = std::ranges::find(effect.declared, contract::EffectKind::write,
                                       &contract::DeclaredEffect::kind);
  check(write != effect.declared.end() && !write->argument.empty(),
        "what is undone by files.restore names the file that it writes");
  NAESTRO_LET(const std::string_view path, text_argument(effect.arguments, write->argument));
  json::Object out{{"path", path}, {"content", nullptr}, {"encoding", "utf-8"}};
  auto content = workspace_.read_exact(path, kFormerMax);
  if (!content && content.error().code == Code::kNotFound) return out;
  if (!content) return std::unexpected(std::move(content).error());
  const bool text = is_utf8(*content);
  out["content"] = text ? *content : base64(as_bytes(*content));
  if (!text) out["encoding"] = "base64";
  return out;
}

door::Outcome ToolAdapter::act(const door::Intent& intent, std::stop_token stop,
                               const door::Provisional&) {
  const std::string& target = intent.effect().target;
  const std::size_t at = target.rfind('@');
  std::int64_t version = 0;
  if (at != std::string::npos) {
    std::from_chars(target.data() + at + 1, target.data() + target.size(), version);
  }
  door::Outcome outcome;
  const auto workspace = workspace_.within(barred_ ? barred_(intent.effect()) : Barred{}, clean_);
  if (!workspace) {
    outcome.result = std::unexpected(workspace.error());
    return outcome;
  }
  const auto key = [&](vault::Use use) -> Result<vault::Handed> {
    use.step = intent.effect().step;
    use.tool = target;
    use.by_plan = true;
    NAESTRO_LET(vault::Handed handed, keys_(use));
    outcome.secret = use.secret;
    outcome.lease = handed.lease;
    return handed;
  };
  outcome.result = call_(target.substr(0, at), version, intent.effect().arguments,
                         {*workspace, std::move(stop), &intent.former(), &hosts_,
                          keys_ ? vault::Keys{key} : vault::Keys{}});
  return outcome;
}

}  // namespace naestro::tools
