#include "models/local_adapter.hpp"

#include <unistd.h>

#include <utility>
#include <vector>

#include "base/text.hpp"
#include "models/call.hpp"

namespace naestro::models {
namespace {

using std::chrono::milliseconds;

constexpr int kRestartsMax = 2;
// A broken connection is seen before the child's end is.
constexpr milliseconds kDeathNotice{500};

Result<const contract::ModelContract*> find_model(const contract::ModelCatalog& catalog,
                                                  std::string_view name) {
  const contract::ModelContract* model = catalog.find(name);
  if (model != nullptr && !model->file.empty()) return model;
  std::vector<std::string> known;
  for (const auto& each : catalog.all()) {
    if (!each.file.empty()) known.push_back(each.name);
  }
  return fail(Code::kNotFound,
              "no model of this machine's engine is called '" + shorten(name, 80) + "'",
              "name one of these: " + join(known, ", "));
}

// Asks the engine, restarting it when it died.
ChatReply converse(LlamaServer& engine, const ChatRequest& request, Deadline deadline,
                   const std::stop_token& stop, const Chunks& chunks) {
  for (int restarts = 0;; ++restarts) {
    ChatReply reply;
    if (auto ready = engine.ensure_ready(deadline, stop); !ready) {
      reply.text = std::unexpected(std::move(ready).error());
      reply.usage_known = true;
    } else {
      reply = chat({.url = "http://localhost/v1",
                    .unix_socket = engine.socket(),
                    .counter = "http://localhost"},
                   request, deadline, stop, chunks);
    }
    const bool failed = !reply.text && reply.text.error().code == Code::kEngineFailed;
    const bool dead = failed && engine.ended_within(kDeathNotice);
    // Asked again only where nothing can have been computed: a call is paid once, at most its cap.
    const bool retry = failed && !reply.reached;
    if (retry && restarts < kRestartsMax) {
      engine.stop();  // also one that lives but cannot be reached: its socket may be gone
      continue;
    }
    if (dead && reply.reached) {
      Error error = std::move(reply.text).error();
      error.message += "; " + engine.obituary();
      reply.text = std::unexpected(std::move(error));
    }
    return reply;
  }
}

}  // namespace

// The right to use the engine, given back when it dies.
class LocalModelAdapter::Turn {
 public:
  Turn(LocalModelAdapter& adapter, const std::stop_token& stop) : adapter_{adapter} {
    std::unique_lock lock{adapter.mutex_};
    mine_ = adapter.turn_.wait(lock, stop, [&] { return !adapter.busy_; });
    if (mine_) adapter.busy_ = true;
  }
  ~Turn() {
    if (!mine_) return;
    const std::lock_guard lock{adapter_.mutex_};
    adapter_.busy_ = false;
    adapter_.turn_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  [[nodiscard]] bool mine() const { return mine_; }

 private:
  LocalModelAdapter& adapter_;
  bool mine_ = false;
};

LocalModelAdapter::LocalModelAdapter(const contract::ModelCatalog& catalog, LocalModels config)
    : catalog_{catalog}, config_{std::move(config)} {}

LocalModelAdapter::~LocalModelAdapter() = default;

LlamaConfig LocalModelAdapter::config_for(const contract::ModelContract& model) const {
  return {.binary = config_.assets + "/llama/llama-server",
          .model_file = config_.assets + "/models/" + model.file,
          .model_sha256 = model.file_sha256,
          .name = model.name,
          .context_tokens = model.context_tokens,
          .threads = config_.threads,
          .temp_folder = config_.temp_folder,
          .log_file = config_.log_file,
          .install_remedy =
              "run `make assets`, or `scripts/fetch_assets.sh " + config_.assets + " all`"};
}

LlamaServer& LocalModelAdapter::engine_for(const contract::ModelContract& model) {
  if (engine_ == nullptr || loaded_ != model.name) {
    engine_.reset();  // first the old one ends: two models may not fit into memory
    engine_ = std::make_unique<LlamaServer>(config_for(model));
    loaded_ = model.name;
  }
  return *engine_;
}

door::Outcome LocalModelAdapter::act(const door::Intent& intent, std::stop_token stop,
                                     const door::Provisional& provisional) {
  const door::Effect& effect = intent.effect();
  const auto name = json::text_at(effect.arguments, "model");
  auto model = find_model(catalog_, name.value_or(""));
  if (!model) return unbilled(std::move(model).error());
  auto request = read_call(effect.arguments, **model);
  if (!request) return unbilled(std::move(request).error());
  const Turn turn{*this, stop};
  if (!turn.mine()) {
    return unbilled({.code = Code::kInterrupted,
                     .message = "the call of " + (*model)->name + " was cancelled before its turn",
                     .remedy = {},
                     .context = {},
                     .cause = nullptr});
  }
  const Deadline deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds{effect.timeout_s};
  return outcome_of(converse(engine_for(**model), *request, deadline, stop, provisional), **model);
}

Result<void> LocalModelAdapter::installed(std::string_view name) const {
  NAESTRO_LET(const contract::ModelContract* model, find_model(catalog_, name));
  const LlamaConfig config = config_for(*model);
  if (access(config.binary.c_str(), X_OK) != 0) {
    return fail(Code::kEngineMissing, "the engine " + config.binary + " is not there",
                config.install_remedy);
  }
  if (access(config.model_file.c_str(), R_OK) != 0) {
    return fail(Code::kEngineMissing, "the model file " + config.model_file + " is not there",
                config.install_remedy);
  }
  return {};
}

pid_t LocalModelAdapter::engine_pid() {
  const Turn turn{*this, {}};
  return engine_ == nullptr ? 0 : engine_->pid();
}

int LocalModelAdapter::engine_starts() {
  const Turn turn{*this, {}};
  return engine_ == nullptr ? 0 : engine_->starts();
}

}  // namespace naestro::models
