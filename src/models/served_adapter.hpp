// The far side of the model door for models that a server answers for.
#pragma once

#include <functional>
#include <string>

#include "contract/model.hpp"
#include "door/perform.hpp"
#include "vault/vault.hpp"

namespace naestro::models {

// Arguments and result are those of LocalModelAdapter. Calls run side by side; none is tried again
// here. A key goes to the contract's URL and nowhere else; it is read for each call and not kept.
// Thread-safe.
class ServedModelAdapter final : public door::Adapter {
 public:
  // From the vault or the environment. kNotFound: neither has it; others: it is there, and must not
  // be used. On any thread.
  using Keys = std::function<Result<vault::Handed>(const std::string& name)>;

  // `catalog` must outlive the adapter.
  ServedModelAdapter(const contract::ModelCatalog& catalog, Keys keys);

  door::Outcome act(const door::Intent& intent, std::stop_token stop,
                    const door::Provisional& provisional) override;

 private:
  const contract::ModelCatalog& catalog_;
  const Keys keys_;
};

}  // namespace naestro::models
