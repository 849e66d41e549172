// What the adapters of models have in common: a call's arguments become a request, and a reply
// becomes an outcome. Internal to models/.
#pragma once

#include "contract/model.hpp"
#include "door/perform.hpp"
#include "models/chat.hpp"

namespace naestro::models {

// A failure before anything was computed: it costs nothing, and that is known.
door::Outcome unbilled(Error error);

// The arguments of an effect that calls a model (local_adapter.hpp has their form).
Result<ChatRequest> read_call(const json::Object& arguments, const contract::ModelContract& model);

door::Outcome outcome_of(ChatReply reply, const contract::ModelContract& model);

}  // namespace naestro::models
