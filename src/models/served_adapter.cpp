#include "models/served_adapter.hpp"

#include <chrono>
#include <utility>

#include "base/text.hpp"
#include "models/call.hpp"
#include "net/hosts.hpp"

namespace naestro::models {

ServedModelAdapter::ServedModelAdapter(const contract::ModelCatalog& catalog, vault::Keys keys)
    : catalog_{catalog}, keys_{std::move(keys)} {}

door::Outcome ServedModelAdapter::act(const door::Intent& intent, std::stop_token stop,
                                      const door::Provisional& provisional) {
  const door::Effect& effect = intent.effect();
  const auto name = json::text_at(effect.arguments, "model").value_or("");
  const contract::ModelContract* model = catalog_.find(name);
  if (model == nullptr || !model->served) {
    return unbilled(fail(Code::kNotFound,
                         "no server answers for a model called '" + shorten(name, 80) + "'",
                         "list them with 'naestro models'")
                        .error());
  }
  auto request = read_call(effect.arguments, *model);
  if (!request) return unbilled(std::move(request).error());
  const contract::Served& served = *model->served;
  std::string secret;
  std::string lease;
  Endpoint endpoint{.url = served.url, .model = served.model, .reasoning = served.reasoning};
  if (!served.key_env.empty()) {
    const auto to = net::parse_url(served.url);
    if (!to) return unbilled(to.error());
    const auto key = keys_({.secret = served.key_env,
                            .step = effect.step,
                            .tool = effect.target,
                            .origin = net::origin(*to),
                            .method = "POST"});
    if (!key && key.error().code != Code::kNotFound) return unbilled(key.error());
    if (!key || key->value.empty()) {
      return unbilled(fail(Code::kModelKey,
                           "the key of " + model->name + " is not there: " + served.key_env +
                               " is not set, nor in the vault",
                           "set it in the environment of this command, or keep it: naestro vault "
                           "set " +
                               served.key_env)
                          .error());
    }
    secret = key->of_vault ? served.key_env : "";
    lease = key->lease;
    endpoint.key = key->value;
  }
  const Deadline deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds{effect.timeout_s};
  auto reply = chat(endpoint, *request, deadline, stop, provisional);
  if (!reply.text && reply.text.error().code == Code::kEngineFailed) {
    Error error = std::move(reply.text).error();
    error.message = model->name + " at " + served.url + ": " + error.message;
    reply.text = std::unexpected(std::move(error));
  }
  door::Outcome outcome = outcome_of(std::move(reply), *model);
  outcome.secret = std::move(secret);
  outcome.lease = std::move(lease);
  return outcome;
}

}  // namespace naestro::models
