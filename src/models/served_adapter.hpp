// The far side of the model door for models that a server answers for.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "contract/model.hpp"
#include "door/perform.hpp"

namespace naestro::models {

// Arguments and result are those of LocalModelAdapter. Calls run side by side; none is tried again
// here. A key goes to the contract's URL and nowhere else; it is read for each call and not kept.
// Thread-safe.
class ServedModelAdapter final : public door::Adapter {
 public:
  // The value of an environment variable; nullopt where it is not set.
  using Environment = std::function<std::optional<std::string>(const std::string& name)>;

  // `catalog` must outlive the adapter.
  ServedModelAdapter(const contract::ModelCatalog& catalog, Environment environment);

  door::Outcome act(const door::Intent& intent, std::stop_token stop,
                    const door::Provisional& provisional) override;

 private:
  const contract::ModelCatalog& catalog_;
  const Environment environment_;
};

}  // namespace naestro::models
