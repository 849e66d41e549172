// The far side of the model door for models on this machine.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "contract/model.hpp"
#include "door/perform.hpp"
#include "models/llama_server.hpp"

namespace naestro::models {

struct LocalModels {
  std::string assets = {};           // holds llama/llama-server and models/*.gguf
  std::string temp_folder = "/tmp";  // where the engine's private socket folder is made
  std::string log_file = {};         // the engine's log; "": thrown away with the engine
  unsigned threads = 0;              // 0: by the number of cores
};

// Reads Effect::arguments
//   {"model": NAME, "messages": [{"role", "content"}...], "schema": {...} or absent,
//    "max_input_tokens": n, "max_output_tokens": n, "seed": n or absent (0)}
// and results in {"text": "..."}, the raw answer: the caller parses and checks it.
//
// Starts the engine at the first call, another one when a call names another model, and again when
// it died: at most twice per call, and never once a call reached it (it is paid at its cap then).
// One call runs at a time; the others wait, and Effect::timeout_s begins when a call gets its turn.
// Thread-safe. The engine ends with this object, and with the process.
//
// Usage is what the engine reported, also beside an error; it is zero and known where nothing was
// computed, and unknown after a timeout, a cancel or a lost attempt.
class LocalModelAdapter final : public door::Adapter {
 public:
  // `catalog` must outlive the adapter.
  LocalModelAdapter(const contract::ModelCatalog& catalog, LocalModels config);
  ~LocalModelAdapter() override;

  door::Outcome act(const door::Intent& intent, std::stop_token stop,
                    const door::Provisional& provisional) override;

  // Whether the model could be called: engine and file are there. For a check before a run, e.g.
  // `doctor`; the file's digest is checked at the start.
  [[nodiscard]] Result<void> installed(std::string_view model) const;

  // For tests and status: the engine's pid (0: none) and how many were started for this model.
  [[nodiscard]] pid_t engine_pid();
  [[nodiscard]] int engine_starts();

 private:
  class Turn;
  LlamaServer& engine_for(const contract::ModelContract& model);
  [[nodiscard]] LlamaConfig config_for(const contract::ModelContract& model) const;

  const contract::ModelCatalog& catalog_;
  const LocalModels config_;
  std::mutex mutex_;
  std::condition_variable_any turn_;
  bool busy_ = false;  // a call has its turn; it alone may touch what follows
  std::string loaded_;
  std::unique_ptr<LlamaServer> engine_;
};

}  // namespace naestro::models
