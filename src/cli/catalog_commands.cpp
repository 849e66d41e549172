// What there is to plan with.
#include "base/text.hpp"
#include "cli/render.hpp"
#include "cli/session.hpp"
#include "ledger/files.hpp"

namespace naestro::cli {
namespace {

std::string effects_of(const contract::ToolContract& tool) {
  std::string out;
  for (const contract::DeclaredEffect& effect : tool.effects) {
    out += (out.empty() ? "" : ", ") + std::string{contract::name(effect.kind)} +
           (effect.argument.empty() ? "" : " " + effect.argument);
  }
  return out.empty() ? "none" : out;
}

json::Object tool_json(const contract::ToolContract& tool) {
  json::Array effects;
  for (const contract::DeclaredEffect& effect : tool.effects) {
    effects.push_back(json::Object{{"kind", contract::name(effect.kind)},
                                   {"argument", effect.argument},
                                   {"reversible", effect.reversible}});
  }
  return {{"id", tool.id()},
          {"description", tool.description},
          {"input", tool.input},
          {"output", tool.output},
          {"effects", std::move(effects)},
          {"idempotency", contract::name(tool.idempotency)},
          {"undo", tool.undo},
          {"max_output_bytes", tool.max_output_bytes},
          {"timeout_s", tool.timeout_s},
          {"cost_usd", format_usd(tool.cost)},
          {"deprecated", tool.deprecated},
          {"digest", hex(tool.digest)}};
}

json::Object model_json(const contract::ModelContract& model) {
  return {{"name", model.name},
          {"kind", contract::name(model.kind)},
          {"context_tokens", model.context_tokens},
          {"usd_per_mtok_in", format_usd(model.usd_per_mtok_in)},
          {"usd_per_mtok_out", format_usd(model.usd_per_mtok_out)},
          {"price_list", model.price_list},
          {"licence", model.licence},
          {"file", model.file},
          {"digest", hex(model.digest)}};
}

}  // namespace

int list_tools(House& house, const std::string& name, bool as_json) {
  const std::string wanted = name.substr(0, name.find('@'));
  json::Array array;
  std::vector<std::vector<std::string>> rows{{"TOOL", "EFFECTS", "REPEAT", "UNDO", "WHAT IT DOES"}};
  std::vector<std::string> names;
  for (const contract::ToolContract& tool : house.tools.all()) {
    names.push_back(tool.name);
    if (!name.empty() && tool.name != wanted) continue;
    array.push_back(tool_json(tool));
    rows.push_back({tool.id(), effects_of(tool), std::string{contract::name(tool.idempotency)},
                    tool.undo.empty() ? "-" : tool.undo, shorten(tool.description, 70)});
  }
  if (array.empty()) {
    const std::string near = nearest(wanted, names);
    return report(
        house, fail(Code::kNotFound, "no tool is called '" + wanted + "'",
                    near.empty() ? "list them with 'naestro tools'" : "did you mean " + near + "?")
                   .error());
  }
  const bool one = !name.empty();
  print(house.out, as_json || one
                       ? json::pretty(one && array.size() == 1 ? array[0] : json::Value(array))
                       : table(rows));
  return 0;
}

int list_models(House& house, bool as_json) {
  json::Array array;
  std::vector<std::vector<std::string>> rows{
      {"MODEL", "KIND", "CONTEXT", "USD/MTOK IN", "OUT", "PRICE LIST", "LICENCE"}};
  for (const contract::ModelContract& model : house.models.all()) {
    array.push_back(model_json(model));
    rows.push_back({model.name, std::string{contract::name(model.kind)},
                    std::to_string(model.context_tokens), format_usd(model.usd_per_mtok_in),
                    format_usd(model.usd_per_mtok_out), model.price_list, model.licence});
  }
  print(house.out, as_json ? json::pretty(array) : table(rows));
  return 0;
}

int add_model(House& house, const ServerOrder& order) {
  const bool here = contract::on_this_machine(order.url);
  const bool local = here && !order.cloud;
  // A bound in money that counts an unknown price as nothing would be none.
  if (!local && (order.usd_in.empty() || order.usd_out.empty())) {
    return report(house, fail(Code::kUsage, "the prices of " + order.name + " are not said",
                              "give --usd-in and --usd-out, US dollars per million tokens; 0 where "
                              "it costs nothing")
                             .error());
  }
  const auto price = [](const std::string& said) { return said.empty() ? "0" : said; };
  const json::Object form{
      {"name", order.name},
      {"kind", local ? "model.local" : "model.cloud"},
      {"served", json::Object{{"url", order.url},
                              {"model", order.model.empty() ? order.name : order.model},
                              {"key_env", order.key_env},
                              {"dialect", order.reasoning ? "reasoning" : "plain"}}},
      {"file", ""},
      {"file_sha256", ""},
      {"context_tokens", order.context_tokens},
      {"usd_per_mtok_in", price(order.usd_in)},
      {"usd_per_mtok_out", price(order.usd_out)},
      {"price_list", "own/1"},
      {"licence", "of its provider"}};
  const std::string text = json::pretty(json::Value(form));
  if (!contract::is_model_name(order.name)) {
    return report(house,
                  fail(Code::kUsage, "'" + shorten(order.name, 64) + "' is not a model's name",
                       "small letters, digits, '.', '_' and '-'")
                      .error());
  }
  if (house.models.find(order.name) != nullptr) {
    return report(house, fail(Code::kUsage, "a model is called '" + order.name + "' already",
                              "give another name, or remove its contract below " +
                                  house.folders.data + "/models")
                             .error());
  }
  const auto model = contract::parse_model(order.name, text);
  if (!model) {
    Error error = model.error();
    error.code = Code::kUsage;
    return report(house, error);
  }
  const std::string folder = house.folders.data + "/models";
  auto written = ledger::make_folder(folder);
  const std::string file = folder + "/" + order.name + ".json";
  if (written) written = ledger::write_durably(file, as_bytes(text), 0644);
  if (!written) return report(house, written.error());
  print(house.out, "Added " + order.name + ", " + std::string{contract::name(model->kind)} +
                       ", answered by " + order.url + "\nContract: " + file +
                       "\nNext:     naestro run PLAN -c model=" + order.name + "\n");
  return 0;
}

int pull_model(House& house, const PullOrder& order) {
  constexpr std::int64_t kMega = 1'000'000;
  constexpr std::int64_t kStep = 16 * kMega;
  std::int64_t shown = -1;
  const auto progress = [&](std::int64_t there, std::int64_t total) {
    const std::int64_t step = total > 0 ? there * 20 / total : there / kStep;
    if (step == shown) return;
    shown = step;
    print(house.err, (total > 0 ? std::to_string(there * 100 / total) + "% of " +
                                      std::to_string(total / kMega) + " MB"
                                : std::to_string(there / kMega) + " MB") +
                         "\n");
  };
  std::stop_source source;
  if (house.on_interrupt) house.on_interrupt([&source] { source.request_stop(); });
  const auto pulled = house.pull_model(house, order, progress, source.get_token());
  if (house.on_interrupt) house.on_interrupt({});
  if (!pulled) return report(house, pulled.error());
  print(house.out,
        (pulled->there_already ? "There already: " : "Pulled ") + pulled->name + "\n" +
            "File:    " + pulled->file + "\n" +
            "Context: " + std::to_string(pulled->context_tokens) + " tokens\n" +
            "Licence: " + pulled->licence + "\n" +
            (pulled->chat_template ? ""
                                   : "Warning: it brings no chat template, without which "
                                     "a step cannot ask it\n") +
            "Next:    naestro run PLAN -c model=" + pulled->name + "\n");
  return 0;
}

}  // namespace naestro::cli
